-- One run at a time looks after the dead, so that nobody is buried twice; the lock ends with the transaction.
select pg_advisory_xact_lock(hashtextextended('loanwatch.abandon', 0))
