delete from loanwatch.promotion where contract = :contract
