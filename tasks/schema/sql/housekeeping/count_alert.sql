select count(*) from loanwatch.alert where contract = :contract
