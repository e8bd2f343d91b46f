-- The changes that a run found or knew of, the gravest first; of the latest run with any where none is named.
select finding.job_id, finding.details
from loanwatch.finding
where
    contract = :contract and question <> 'quality' and verdict in ('fail', 'known')
    and job_id = coalesce(
        cast(:job_id as text),
        (select run.job_id
         from loanwatch.run
         join loanwatch.finding as latest using (job_id)
         where run.contract = :contract and latest.question <> 'quality' and latest.verdict in ('fail', 'known')
         order by run.window_end desc, run.finished_at desc
         limit 1)
    )
order by verdict = 'fail' desc, position
