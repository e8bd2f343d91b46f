select artifact from loanwatch.model_version where contract = :contract
