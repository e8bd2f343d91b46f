-- How many of these predictions were made since then: also by an attempt at the same part whose worker died afterwards.
select count(*)
from scored
join loanwatch.prediction using (loan_id)
where contract = :contract and model_version = :version and scored_at >= :since
