-- What the latest runs of a contract found and told, the latest first. A replay looks at earlier windows only.
with runs as (
    select job_id, max(window_end) as window_end, max(created_at) as ended_at
    from loanwatch.finding
    where contract = :contract and window_end <= :window_end and job_id <> :job_id
    group by job_id
    order by 2 desc, 3 desc
    limit :runs
)
select runs.job_id, question, check_name, subject, verdict, coalesce(alert.fingerprints, '{}') as told
from runs
join loanwatch.finding using (job_id)
left join loanwatch.alert on alert.alert_id = runs.job_id || '/outcome'
order by runs.window_end desc, runs.ended_at desc, position
