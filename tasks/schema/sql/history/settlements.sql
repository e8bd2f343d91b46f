-- What persons have said of runs and their changes, the oldest first.
select contract, job_id, family, action, who, why, recorded_at
from loanwatch.settlement
order by entry
