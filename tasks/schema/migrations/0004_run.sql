-- How each run ended. Written with the run's findings in one transaction, and replaced with them.
create table loanwatch.run (
    job_id text primary key,
    contract text not null,
    window_start date not null,
    window_end date not null,
    outcome text not null check (outcome in ('quality_failed', 'stable', 'undecided', 'kept', 'promoted')),
    reason text not null,
    backfill text not null default '',
    finished_at timestamptz not null default clock_timestamp()
);
create index run_by_window on loanwatch.run (contract, window_start);

-- Runs before this table: the outcome follows from their findings and the ledger. Their reason was not recorded.
insert into loanwatch.run (job_id, contract, window_start, window_end, outcome, reason, backfill, finished_at)
select
    job_id, min(contract), min(window_start), max(window_end),
    case
        when bool_or(question = 'quality' and verdict = 'fail') then 'quality_failed'
        when exists (
            select from loanwatch.promotion
            where promotion.job_id = finding.job_id and from_version is not null and to_version is not null
        ) then 'promoted'
        when bool_or(question <> 'quality' and verdict = 'fail') then 'kept'
        when bool_or(question <> 'quality' and verdict in ('not_enough_data', 'not_run'))
            or count(distinct question) filter (where question <> 'quality') < 4 then 'undecided'
        else 'stable'
    end,
    '', min(backfill), max(created_at)
from loanwatch.finding
group by job_id;
