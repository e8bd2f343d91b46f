update loanwatch.model_version set state = :state where contract = :contract and version = :version
