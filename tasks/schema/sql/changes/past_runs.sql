-- The runs over windows that ended earlier, judged by the champion or having put it into production, the latest window
-- first; of several runs over one window the last. Replays answer nothing and are left out, and so are runs that judged
-- rows which were replaced since.
with latest as (
    select distinct on (run.window_end, run.window_start) run.*
    from loanwatch.run
    where
        run.contract = :contract and run.window_end < :window_end and not run.is_replay
        and (run.champion = :version or run.job_id = :trained_by)
        and run.finished_at > loanwatch.replaced_at(:contract)
    order by run.window_end desc, run.window_start desc, run.finished_at desc
    limit :runs
)

select
    latest.job_id, latest.window_start, latest.window_end, latest.outcome, finding.details,
    (select max(to_version) from loanwatch.promotion
     where promotion.job_id = latest.job_id and latest.outcome = 'promoted') as promoted
from latest
left join loanwatch.finding on finding.job_id = latest.job_id
order by latest.window_end desc, latest.window_start desc, latest.job_id, finding.position
