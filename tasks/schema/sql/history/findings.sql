select job_id, details
from loanwatch.finding
where job_id = any(:job_ids)
order by job_id, position
