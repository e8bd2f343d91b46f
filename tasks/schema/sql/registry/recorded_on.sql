-- The same by the clock: the last row that was recorded before a moment.
select
    entry, contract, job_id, recorded_at, effective_from, from_version, to_version, why, evidence_sha256,
    previous_hash, row_hash
from loanwatch.promotion
where contract = :contract and recorded_at < :before
order by entry desc
limit 1
