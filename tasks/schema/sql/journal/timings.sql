select stage,
       min(created_at) filter (where status = 'started') as started_at,
       (array_agg(status order by entry desc))[1] as status,
       (array_agg(message order by entry desc))[1] as message,
       extract(epoch from max(created_at) - min(created_at))::float8 as seconds
from loanwatch.mljob
where job_id = :job_id and stage <> 'run'
group by stage
order by min(entry)
