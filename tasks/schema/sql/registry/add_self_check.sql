insert into loanwatch.self_check (contract, version, job_id, record)
values (:contract, :version, :job_id, cast(:record as jsonb))
on conflict do nothing
