-- What was not delivered yet still has to be.
delete from loanwatch.alert where contract = :contract and created_at < :before and state <> 'pending'
