-- One attempt at a backfill's window at a time keeps its findings; the lock ends with the transaction.
select pg_advisory_xact_lock(hashtextextended('loanwatch.finding/' || :backfill || '/' || :window_start, 0))
