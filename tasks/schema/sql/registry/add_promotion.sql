insert into loanwatch.promotion
    (contract, job_id, recorded_at, effective_from, from_version, to_version, why, evidence_sha256, previous_hash, row_hash)
values
    (:contract, :job_id, :recorded_at, :effective_from, :from_version, :to_version, :why, :evidence_sha256,
     :previous_hash, :row_hash)
