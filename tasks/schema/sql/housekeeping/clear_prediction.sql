delete from loanwatch.prediction where contract = :contract
