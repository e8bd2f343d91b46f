-- What a run of Prefect's set out to do; nothing where it failed before that was known.
select job_id, contract, window_start, window_end
from loanwatch.run_start
where flow_run = :flow_run
order by started_at desc
limit 1
