-- Stages without an end, of jobs whose lock nobody holds; a stage's first message is the job's window, and flow_run its
-- run in Prefect.
with unended as materialized (
    select contract, job_id, job_type, job_date, stage, min(message) filter (where status = 'started') as "window",
           exists (select from loanwatch.alert where alert.job_id = mljob.job_id)
           or exists (select from loanwatch.mljob as told
                      where told.job_id = mljob.job_id and told.stage = 'alert' and told.status = 'finished') as has_told
    from loanwatch.mljob
    group by contract, job_id, job_type, job_date, stage
    having count(*) filter (where status = 'started') > count(*) filter (where status <> 'started')
)
select contract, job_id, job_type, job_date, stage, "window", has_told,
       coalesce((select flow_run from loanwatch.run_start where run_start.job_id = unended.job_id), '') as flow_run
from unended
where pg_try_advisory_xact_lock(hashtextextended('loanwatch.job/' || job_id, 0))
order by job_id
