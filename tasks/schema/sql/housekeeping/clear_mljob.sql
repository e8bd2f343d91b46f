delete from loanwatch.mljob where contract = :contract
