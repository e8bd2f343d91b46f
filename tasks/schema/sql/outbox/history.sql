-- What the latest runs of a contract found and told, by which model and limits, the latest first. A replay looks at earlier
-- windows only. Runs that began before the lender's rows were replaced judged other data and are left out.
with runs as (
    select finding.job_id, max(finding.window_end) as window_end, max(finding.created_at) as ended_at
    from loanwatch.finding
    where contract = :contract and window_end <= :window_end and job_id <> :job_id
    group by finding.job_id
    having coalesce(
        (select min(entry.created_at) from loanwatch.mljob as entry where entry.job_id = finding.job_id),
        max(finding.created_at)
    ) > loanwatch.replaced_at(:contract)
    order by 2 desc, 3 desc
    limit :runs
)

select
    runs.job_id, run.champion, question, check_name, subject, details -> 'columns' as columns, verdict,
    effect_limit, cast(details ->> 'level' as float8) as level, run_start.changed_limits,
    coalesce(alert.fingerprints, '{}') as told
from runs
join loanwatch.finding using (job_id)
left join loanwatch.run using (job_id)
left join loanwatch.run_start using (job_id)
left join loanwatch.alert on alert.alert_id = runs.job_id || '/outcome'
order by runs.window_end desc, runs.ended_at desc, position
