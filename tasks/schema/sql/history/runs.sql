-- The latest runs, the newest first, with their stored outcome; a run that stopped says at which stage and why. What
-- another attempt at the same window of a backfill has replaced is left out.
select entry.contract, entry.job_id,
       min(entry.created_at) as started_at,
       extract(epoch from max(entry.created_at) - min(entry.created_at))::float8 as seconds,
       (array_agg(entry.stage order by entry.entry) filter (where entry.status in ('failed', 'abandoned')))[1] as stopped_at,
       coalesce((array_agg(entry.message order by entry.entry) filter (where entry.status in ('failed', 'abandoned')))[1], '')
           as message,
       coalesce(run.window_start, run_start.window_start) as window_start,
       coalesce(run.window_end, run_start.window_end) as window_end,
       run.outcome as stored_outcome, run.bank, run.figures, run.champion,
       run_start.changed_limits, coalesce(run_start.flow_run_page, '') as flow_run_page,
       bool_or(entry.stage = 'train' and entry.status = 'finished') as was_retrained
from loanwatch.mljob as entry
left join loanwatch.run on run.job_id = entry.job_id
left join loanwatch.run_start on run_start.job_id = entry.job_id
where entry.job_type in ('monitor', 'backfill')
  and (cast(:job_ids as text[]) is null or entry.job_id = any(:job_ids))
group by entry.contract, entry.job_id, run.job_id, run_start.job_id
having not bool_or(entry.stage = 'run' and entry.status = 'abandoned')
order by min(entry.entry) desc
limit :runs
