select job_id from loanwatch.mljob where contract = :contract and job_id = :job_id limit 1
