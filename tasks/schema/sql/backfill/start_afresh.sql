update loanwatch.backfill_window
set state = 'pending', allowed = attempts + 3, outcome = '', message = '', updated_at = clock_timestamp()
where backfill = :backfill
