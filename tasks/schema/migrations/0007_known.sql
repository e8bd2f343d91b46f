-- A change that an earlier run has answered is known. Whether a run could answer anything is kept with its outcome: a
-- replay cannot. Runs before this column: those of a backfill count as replays.
alter table loanwatch.finding drop constraint finding_verdict_check;
alter table loanwatch.finding add constraint finding_verdict_check
    check (verdict in ('pass', 'warn', 'known', 'fail', 'not_enough_data', 'not_run'));
alter table loanwatch.run add column is_replay boolean not null default false;
update loanwatch.run set is_replay = true where backfill <> '';

-- When the lender's rows were last replaced: what judged them before judged other data.
create function loanwatch.replaced_at(of_contract text) returns timestamptz language sql stable as $$
    select coalesce(max(at), '-infinity')
    from (
        select max(created_at) as at
        from loanwatch.mljob
        where contract = of_contract and job_type = 'load'
        union all
        select max(recorded_at) from loanwatch.promotion where contract = of_contract and to_version is null
    ) as known
$$;

-- What a committee has said of changes: accepted, or open again. Each has a row of the ledger with its hash.
create table loanwatch.settlement (
    entry bigint generated always as identity primary key,
    contract text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    job_id text not null,
    family text not null,
    action text not null check (action in ('accept', 'reopen')),
    who text not null check (who <> ''),
    why text not null check (why <> '')
);
create index settlement_by_job on loanwatch.settlement (contract, job_id);
create trigger settlement_is_append_only before update on loanwatch.settlement
    for each row execute function loanwatch.refuse_change();
