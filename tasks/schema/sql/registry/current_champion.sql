select version from loanwatch.model_version where contract = :contract and state = 'champion'
