-- Everything that loanwatch keeps. The lender's own tables are only ever read.

-- The journal: one row for the start and one for the end of every stage.
create table loanwatch.mljob (
    entry bigint generated always as identity primary key,
    contract text not null,
    job_id text not null,
    job_type text not null,
    job_date date not null,
    stage text not null,
    status text not null check (status in ('started', 'finished', 'failed', 'abandoned')),
    message text not null default '',
    created_at timestamptz not null default clock_timestamp()
);
create index mljob_by_job on loanwatch.mljob (job_id, entry);

create table loanwatch.model_version (
    version bigint generated always as identity primary key,
    contract text not null,
    job_id text not null,
    kind text not null,
    metrics jsonb not null,
    artifact text not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    reference_start date not null,
    reference_end date not null,
    -- The exact days of the reference: a list of [first day, last day], both included.
    training_windows jsonb not null,
    state text not null check (state in ('challenger', 'champion', 'retired')),
    created_at timestamptz not null default clock_timestamp(),
    check (reference_start <= reference_end)
);
create unique index one_champion_per_contract on loanwatch.model_version (contract) where state = 'champion';

-- The promotion ledger. A row with no to_version retires the champion and puts nothing in its place.
create table loanwatch.promotion (
    entry bigint generated always as identity primary key,
    contract text not null,
    job_id text not null,
    recorded_at timestamptz not null,
    effective_from date not null,
    from_version bigint references loanwatch.model_version,
    to_version bigint references loanwatch.model_version,
    why text not null,
    evidence_sha256 text not null check (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    previous_hash text not null check (previous_hash ~ '^[0-9a-f]{64}$'),
    row_hash text not null check (row_hash ~ '^[0-9a-f]{64}$'),
    check (from_version is not null or to_version is not null)
);
create index promotion_by_day on loanwatch.promotion (contract, effective_from, entry);
create unique index promotion_is_one_chain on loanwatch.promotion (contract, previous_hash);

create function loanwatch.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'loanwatch.% is append-only', tg_table_name;
end $$;
create trigger promotion_is_append_only before update or delete on loanwatch.promotion
    for each row execute function loanwatch.refuse_change();

create table loanwatch.finding (
    contract text not null,
    job_id text not null,
    position integer not null,
    window_start date not null,
    window_end date not null,
    question text not null,
    check_name text not null,
    subject text not null,
    verdict text not null check (verdict in ('pass', 'warn', 'fail', 'not_enough_data', 'not_run')),
    effect double precision,
    unit text not null,
    effect_limit double precision,
    p_value double precision,
    sentence text not null,
    details jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (job_id, position)
);
create index finding_by_window on loanwatch.finding (contract, window_start);

create table loanwatch.prediction (
    contract text not null,
    loan_id text not null,
    model_version bigint not null references loanwatch.model_version,
    probability double precision not null check (probability between 0 and 1),
    decision text not null,
    scored_at timestamptz not null default clock_timestamp(),
    primary key (contract, loan_id, model_version)
);

-- The outbox: what was to be said, and whether it was.
create table loanwatch.alert (
    alert_id text primary key,
    contract text not null,
    job_id text not null,
    severity text not null check (severity in ('info', 'warning', 'critical')),
    title text not null,
    body text not null,
    payload jsonb not null,
    fingerprints text[] not null default '{}',
    state text not null default 'pending' check (state in ('pending', 'delivered', 'undeliverable')),
    may_repeat boolean not null default false,
    attempts integer not null default 0,
    last_error text not null default '',
    created_at timestamptz not null default clock_timestamp(),
    delivered_at timestamptz
);
create index alert_pending on loanwatch.alert (created_at) where state = 'pending';
