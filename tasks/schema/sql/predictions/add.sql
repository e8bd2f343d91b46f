-- A prediction is made once: scoring again changes nothing. No row is given twice by COPY in one window.
insert into loanwatch.prediction (contract, loan_id, model_version, probability, decision)
select :contract, loan_id, :version, probability, decision
from scored
on conflict do nothing
