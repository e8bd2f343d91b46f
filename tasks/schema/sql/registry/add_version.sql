insert into loanwatch.model_version
    (contract, job_id, kind, metrics, artifact, sha256, reference_start, reference_end, training_windows, state)
values
    (:contract, :job_id, :kind, cast(:metrics as jsonb), :artifact, :sha256, :reference_start, :reference_end,
     cast(:training_windows as jsonb), 'challenger')
returning version
