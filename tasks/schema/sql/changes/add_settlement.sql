insert into loanwatch.settlement (contract, job_id, family, action, who, why)
values (:contract, :job_id, :family, :action, :who, :why)
