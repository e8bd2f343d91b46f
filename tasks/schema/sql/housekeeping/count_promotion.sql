select count(*) from loanwatch.promotion where contract = :contract
