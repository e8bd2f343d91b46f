select count(*) from loanwatch.run where contract = :contract
