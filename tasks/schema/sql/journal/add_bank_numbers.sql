update loanwatch.run set bank = cast(:bank as jsonb) where job_id = :job_id
