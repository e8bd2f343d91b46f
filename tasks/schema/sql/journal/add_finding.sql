insert into loanwatch.finding
    (contract, job_id, position, window_start, window_end, question, check_name, subject, verdict, effect, unit,
     effect_limit, p_value, sentence, details, backfill)
values
    (:contract, :job_id, :position, :window_start, :window_end, :question, :check, :subject, :verdict, :effect, :unit,
     :limit, :p_value, :sentence, cast(:details as jsonb), :backfill)
