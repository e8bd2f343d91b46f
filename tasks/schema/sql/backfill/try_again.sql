-- What failed in an earlier go has another one.
update loanwatch.backfill_window
set state = 'pending', allowed = attempts + 3, message = '', updated_at = clock_timestamp()
where backfill = :backfill and state = 'failed'
