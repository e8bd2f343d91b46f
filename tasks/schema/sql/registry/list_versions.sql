select version, kind, artifact, sha256, training_windows, metrics, state, job_id, created_at
from loanwatch.model_version
where contract = :contract
order by version
