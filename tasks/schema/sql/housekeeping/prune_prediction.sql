-- The champion's own predictions stay however old they are.
delete from loanwatch.prediction
using loanwatch.model_version
where
    prediction.contract = :contract
    and model_version.version = prediction.model_version
    and model_version.state <> 'champion'
    and prediction.scored_at < :before
