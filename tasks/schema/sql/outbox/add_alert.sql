insert into loanwatch.alert (alert_id, contract, job_id, severity, title, body, payload, fingerprints)
values (:alert_id, :contract, :job_id, :severity, :title, :body, cast(:payload as jsonb), :fingerprints)
on conflict (alert_id) do nothing
