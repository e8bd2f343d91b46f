delete from loanwatch.alert where contract = :contract
