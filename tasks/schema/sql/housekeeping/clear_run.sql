delete from loanwatch.run where contract = :contract
