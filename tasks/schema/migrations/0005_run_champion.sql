-- The model that a run judged its window by; null where the window was unfit. Only findings against the same model can
-- be compared.
alter table loanwatch.run add column champion bigint references loanwatch.model_version;

-- Runs before this column: the model that was in production on the window's first day, as the ledger knew it then.
update loanwatch.run set champion = (
    select placed.to_version
    from loanwatch.promotion as placed
    where placed.contract = run.contract and placed.effective_from <= run.window_start
      and placed.recorded_at <= run.finished_at
    order by placed.effective_from desc, placed.entry desc
    limit 1)
where outcome <> 'quality_failed';
