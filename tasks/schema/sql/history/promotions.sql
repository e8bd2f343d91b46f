select promotion.contract, promotion.job_id, promotion.recorded_at, promotion.effective_from, promotion.from_version,
       promotion.to_version, promotion.why, model.kind,
       model.metrics -> 'external' as external
from loanwatch.promotion
left join loanwatch.model_version as model on model.version = promotion.to_version
order by promotion.entry
