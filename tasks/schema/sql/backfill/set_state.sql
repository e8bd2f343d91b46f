update loanwatch.backfill_window
set
    state = :state,
    attempts = :attempts,
    outcome = :outcome,
    message = :message,
    updated_at = clock_timestamp()
where backfill = :backfill and window_start = :start
