-- What persons have said of changes, the oldest first.
select job_id, family, action, who, why
from loanwatch.settlement
where contract = :contract
order by entry
