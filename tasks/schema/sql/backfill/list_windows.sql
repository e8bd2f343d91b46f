select window_start, window_end, parameters, state, attempts, allowed, outcome, message
from loanwatch.backfill_window
where backfill = :backfill
order by window_start
