select count(*) from loanwatch.prediction where contract = :contract
