-- What each window of a backfill ended with, and its findings in their order.
select run.window_start, run.job_id, coalesce(
    (select jsonb_agg(finding.details order by finding.position) from loanwatch.finding where finding.job_id = run.job_id),
    '[]'
) as findings
from loanwatch.run
where run.backfill = :backfill
order by run.window_start, run.finished_at
