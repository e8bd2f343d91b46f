select count(*) from loanwatch.model_version where contract = :contract
