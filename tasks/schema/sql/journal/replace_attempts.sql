-- The findings of earlier attempts at a backfill's window go, and the journal says why those runs have none.
with gone as (
    delete from loanwatch.finding
    where contract = :contract and backfill = :backfill and window_start = :window_start and job_id <> :job_id
    returning job_id
)
insert into loanwatch.mljob (contract, job_id, job_type, job_date, stage, status, message)
select distinct :contract, job_id, :job_type, cast(:job_date as date), 'run', 'abandoned', cast(:message as text)
from gone
