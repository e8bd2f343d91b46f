-- The ledger is read by business date: a replay of an old window meets the model that was in production then.
-- What lies before a retirement belonged to other data.
select to_version
from loanwatch.promotion
where contract = :contract
  and effective_from <= :day
  and entry > coalesce(
      (select max(entry) from loanwatch.promotion where contract = :contract and to_version is null), 0)
order by effective_from desc, entry desc
limit 1
