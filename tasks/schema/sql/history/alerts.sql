select alert_id, contract, job_id, severity, title, state, attempts, last_error, created_at, delivered_at
from loanwatch.alert
order by created_at desc
limit :alerts
