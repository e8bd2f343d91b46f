-- The latest runs, the newest first; a run that stopped says at which stage and why.
select entry.contract, entry.job_id,
       min(entry.created_at) as started_at,
       extract(epoch from max(entry.created_at) - min(entry.created_at))::float8 as seconds,
       (array_agg(entry.stage order by entry.entry) filter (where entry.status in ('failed', 'abandoned')))[1] as stopped_at,
       coalesce((array_agg(entry.message order by entry.entry) filter (where entry.status in ('failed', 'abandoned')))[1], '')
           as message
from loanwatch.mljob as entry
where entry.job_type = 'monitor'
group by entry.contract, entry.job_id
order by min(entry.entry) desc
limit :runs
