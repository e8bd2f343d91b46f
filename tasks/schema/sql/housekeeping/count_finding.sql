select count(*) from loanwatch.finding where contract = :contract
