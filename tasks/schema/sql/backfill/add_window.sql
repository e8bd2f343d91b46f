insert into loanwatch.backfill_window (backfill, contract, window_start, window_end, parameters)
values (:backfill, :contract, :start, :end, cast(:parameters as jsonb))
on conflict (backfill, window_start) do nothing
