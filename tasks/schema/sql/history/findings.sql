select job_id, window_start, window_end, details
from loanwatch.finding
where job_id = any(:job_ids)
order by job_id, position
