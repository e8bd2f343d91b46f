-- One process delivers at a time, so that the messages arrive in order and each of them once.
select pg_try_advisory_xact_lock(hashtextextended('loanwatch.outbox', 0))
