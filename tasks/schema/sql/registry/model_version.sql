select version, job_id, kind, artifact, sha256, training_windows, metrics, state
from loanwatch.model_version
where contract = :contract and version = :version
