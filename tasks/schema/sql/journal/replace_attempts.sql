-- Findings and outcomes of earlier attempts at a backfill's window are deleted; the journal says why those runs have none.
with gone as (
    delete from loanwatch.run
    where contract = :contract and backfill = :backfill and window_start = :window_start and job_id <> :job_id
    returning job_id
), gone_findings as (
    delete from loanwatch.finding
    where contract = :contract and backfill = :backfill and window_start = :window_start and job_id <> :job_id
    returning job_id
)
insert into loanwatch.mljob (contract, job_id, job_type, job_date, stage, status, message)
select :contract, job_id, :job_type, cast(:job_date as date), 'run', 'abandoned', cast(:message as text)
from (select job_id from gone union select job_id from gone_findings) as replaced
