-- The windows of a backfill, so that it goes on where it stopped and several workers share it. A row that says `running`
-- while nobody holds the window's advisory lock belongs to a worker that died.
create table loanwatch.backfill_window (
    backfill text not null,
    contract text not null,
    window_start date not null,
    window_end date not null,
    parameters jsonb not null,
    state text not null default 'pending' check (state in ('pending', 'running', 'finished', 'failed')),
    -- Never reset, for it is part of the name of a run on a server: what has another go is allowed more of them.
    attempts integer not null default 0,
    allowed integer not null default 3,
    outcome text not null default '',
    message text not null default '',
    updated_at timestamptz not null default clock_timestamp(),
    primary key (backfill, window_start)
);
