-- Before anything is sent: should this process die on the way, nobody knows whether the message arrived.
update loanwatch.alert
set attempts = attempts + 1, may_repeat = true, last_error = 'sent, and no answer seen'
where alert_id = :alert_id
