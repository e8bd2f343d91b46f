select alert_id, payload, may_repeat
from loanwatch.alert
where state = 'pending'
order by created_at, alert_id
limit 1
