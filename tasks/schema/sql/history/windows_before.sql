-- The runs over windows that ended before a day, the latest window first; of several runs over one window the last first.
select job_id, window_start, window_end
from loanwatch.run
where contract = :contract and window_end < :window_start
order by window_end desc, window_start desc, finished_at desc
limit 20
