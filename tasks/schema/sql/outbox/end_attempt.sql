update loanwatch.alert
set state = :state,
    may_repeat = :may_repeat,
    last_error = :error,
    delivered_at = case when :state = 'delivered' then clock_timestamp() end
where alert_id = :alert_id
