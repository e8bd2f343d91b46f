-- What a run set out to do, written before its first stage, so that it is known of a run that fails, too. Without
-- `changed_limits` a run's limits were not recorded; an empty object means the defaults.
create table loanwatch.run_start (
    job_id text primary key,
    contract text not null,
    window_start date not null,
    window_end date not null,
    changed_limits jsonb,
    flow_run text not null default '',
    flow_run_page text not null default '',
    started_at timestamptz not null default clock_timestamp()
);
create index run_start_by_flow_run on loanwatch.run_start (flow_run) where flow_run <> '';

-- Runs before this table: a stage's first message is the run's window.
insert into loanwatch.run_start (job_id, contract, window_start, window_end, started_at)
select distinct on (job_id)
    job_id, contract, split_part(message, ' to ', 1)::date, split_part(message, ' to ', 2)::date, created_at
from loanwatch.mljob
where job_type in ('monitor', 'backfill') and status = 'started'
    and message ~ '^\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$'
order by job_id, entry;

-- A window's applications, approval rate, missing share and mean score, for the history. Runs before this step have none.
alter table loanwatch.run add column figures jsonb;

-- A person may also say that a run's findings were seen. That changes no verdict and has no family.
alter table loanwatch.settlement drop constraint settlement_action_check;
alter table loanwatch.settlement add constraint settlement_action_check check (action in ('accept', 'reopen', 'seen'));
