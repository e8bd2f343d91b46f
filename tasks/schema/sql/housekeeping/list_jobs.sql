select distinct job_id from loanwatch.mljob where contract = :contract
