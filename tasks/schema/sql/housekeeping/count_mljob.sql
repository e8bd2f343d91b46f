select count(*) from loanwatch.mljob where contract = :contract
