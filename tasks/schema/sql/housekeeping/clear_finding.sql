delete from loanwatch.finding where contract = :contract
