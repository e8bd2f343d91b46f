insert into loanwatch.mljob (contract, job_id, job_type, job_date, stage, status, message)
values (:contract, :job_id, :job_type, :job_date, :stage, :status, :message)
