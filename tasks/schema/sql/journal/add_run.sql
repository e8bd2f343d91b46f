insert into loanwatch.run (job_id, contract, window_start, window_end, outcome, reason, champion, backfill, is_replay)
values (:job_id, :contract, :window_start, :window_end, :outcome, :reason, :champion, :backfill, :is_replay)
