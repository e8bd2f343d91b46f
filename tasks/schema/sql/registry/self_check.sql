select record from loanwatch.self_check where contract = :contract and version = :version
