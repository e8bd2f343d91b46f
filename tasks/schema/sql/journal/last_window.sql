-- The last day of the latest window that a run judged; replays of the past look at earlier windows only.
select max(window_end) as window_end from loanwatch.run where contract = :contract
