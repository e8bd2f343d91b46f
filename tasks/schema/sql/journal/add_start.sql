insert into loanwatch.run_start (job_id, contract, window_start, window_end, changed_limits, flow_run, flow_run_page)
values
    (:job_id, :contract, :window_start, :window_end, cast(:changed_limits as jsonb), :flow_run, :flow_run_page)
