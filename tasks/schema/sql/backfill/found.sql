-- The runs of a backfill and their alarms, by window; a run without an alarm has one row without details.
select run.window_start, run.job_id, finding.details
from loanwatch.run
left join loanwatch.finding on finding.job_id = run.job_id and finding.verdict = 'fail'
where run.backfill = :backfill
order by run.window_start, run.job_id, finding.position
