select finding.job_id, run.finished_at, finding.question, finding.check_name, finding.verdict
from loanwatch.finding
join loanwatch.run using (job_id)
where
    run.contract = :contract and run.window_start = :window_start and run.window_end = :window_end
    and run.outcome <> 'quality_failed'
    and finding.job_id = (
        select waited.job_id
        from loanwatch.finding as waited
        join loanwatch.run as earlier using (job_id)
        where
            earlier.contract = :contract and earlier.window_start = :window_start
            and earlier.window_end = :window_end and earlier.job_id <> :job_id
            and waited.check_name = 'ripe_days' and waited.verdict = 'warn'
        order by earlier.finished_at desc
        limit 1
    )
