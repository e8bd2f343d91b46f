-- Take the oldest message for one try, unless another process has it: nobody overtakes it, so no lock is skipped.
-- What is sent is marked before: should this process die on the way, nobody knows whether the message arrived.
with oldest as (
    select alert_id, payload, may_repeat, leased_by, leased_until
    from loanwatch.alert
    where state = 'pending'
    order by created_at, alert_id
    limit 1
    for update
)
update loanwatch.alert
set attempts = attempts + 1,
    may_repeat = true,
    last_error = 'sent, and no answer seen',
    leased_by = :holder,
    leased_until = clock_timestamp() + make_interval(secs => :seconds)
from oldest
where alert.alert_id = oldest.alert_id
  and (oldest.leased_until is null or oldest.leased_until < clock_timestamp() or oldest.leased_by = :holder)
returning oldest.alert_id, oldest.payload, oldest.may_repeat
