-- What Slack answered. Where it is to be tried again at once (`:seconds`), the message stays with its process meanwhile.
update loanwatch.alert
set state = :state,
    may_repeat = :may_repeat,
    last_error = :error,
    delivered_at = case when :state = 'delivered' then clock_timestamp() end,
    leased_by = case when cast(:seconds as float8) is not null then :holder end,
    leased_until = clock_timestamp() + make_interval(secs => cast(:seconds as float8))
-- A process that was held up for longer than its time may still tell of a success, but disturbs no other's try.
where alert_id = :alert_id and state = 'pending' and (leased_by = :holder or :state = 'delivered')
