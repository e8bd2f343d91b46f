-- The ledger row that put the model of a business day into production, the only answer to "which model on day D".
-- A retirement ends what was in production before it, from its own day on. What came into production after a retirement
-- belongs to the present data, and answers first: also for days before the retirement, as a replay of them meets it.
select
    placed.entry, placed.contract, placed.job_id, placed.recorded_at, placed.effective_from, placed.from_version, placed.to_version, placed.why,
    placed.evidence_sha256, placed.previous_hash, placed.row_hash
from loanwatch.promotion as placed
where placed.contract = :contract
  and placed.effective_from <= :day
  and placed.to_version is not null
  and not exists (
      select from loanwatch.promotion as retirement
      where retirement.contract = placed.contract and retirement.to_version is null
        and retirement.entry > placed.entry and retirement.effective_from <= :day)
order by
    (select count(*) from loanwatch.promotion as retirement
     where retirement.contract = placed.contract and retirement.to_version is null
       and retirement.entry < placed.entry) desc,
    placed.effective_from desc,
    placed.entry desc
limit 1
