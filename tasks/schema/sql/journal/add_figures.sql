update loanwatch.run set figures = cast(:figures as jsonb) where job_id = :job_id
