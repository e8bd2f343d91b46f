-- What random splits of a champion's reference have shown: one record for each version, written once.
create table loanwatch.self_check (
    contract text not null,
    version bigint not null references loanwatch.model_version,
    job_id text not null,
    record jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (contract, version)
);
create trigger self_check_is_append_only before update on loanwatch.self_check
    for each row execute function loanwatch.refuse_change();
