-- Which backfill a run was a part of, if any: another attempt at the same window takes its findings' place.
alter table loanwatch.finding add column backfill text not null default '';
