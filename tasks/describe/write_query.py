"""The draft's query: one row per application of the days `%(start)s` to `%(end)s`, with its records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from blocks.postgres.copy import quote_name
from tasks.describe.draft import ROW_NUMBER, ColumnDraft, Draft, Join
from tasks.describe.sources import DescribedSource
from tasks.describe.write_contract import ROW_ID, ROW_TIME
from tasks.describe.write_times import TimeExpression, write_duration, write_time

# Rows that stand for time fill seven months from here: six for the reference, and the window. Fewer rows fill fewer
# months, so that the last one has enough of them for a verdict.
ROWS_START = date(2000, 1, 1)
_MOST_MONTHS, _LEAST_MONTHS = 7, 2
_LEAST_ROWS = 205

_QUERY = """\
-- One row per application from %(start)s to %(end)s, whole days, both included. Drafted by `python -m flows.describe`.
with {days}held as (
    select
        application.*,
        {time} as loanwatch_time
    from {relation} as application{join_days}
    where {where}
){versions}{records}
select
    {columns}
from {rows} as application{joins}
{where_first}order by application.loanwatch_time, {order}
"""
_VERSIONS = """,

-- The latest version of an application inside the window counts. Exact repeats of a row are one row.
ranked as (
    select
        held.*,
        row_number() over latest_first as loanwatch_place,
        rank() over latest_first as loanwatch_version
    from held
    window latest_first as (partition by {id} order by {latest}, held::text collate "C")
),

counted as (
    select
        ranked.*,
        count(*) filter (where loanwatch_version = 1) over same - 1 as loanwatch_repeats,
        count(*) filter (where loanwatch_version > 1) over same as loanwatch_older_versions
    from ranked
    window same as (partition by {id})
)"""
_ROW_NAMES = """,

-- No column identifies an application: its row does. Equal rows are numbered.
counted as (
    select
        held.*,
        md5(held::text) || '-' || row_number() over (partition by held::text) as loanwatch_id
    from held
)"""
_RECORDS = """,

-- Exact repeats of a record are one record. Several different ones are a conflict, and none of them is used.
{name} as (
    select
        record.*,
        count(*) over (partition by record.loanwatch_key) as loanwatch_records
    from (
        select distinct
            {columns}
        from {relation} as source
        where source.{key}::text in (select {mine}::text from counted)
    ) as record
)"""
_JOIN = """
left join {name} on {name}.loanwatch_key = application.{mine}::text and {name}.loanwatch_records = 1"""
_CONFLICT = "exists (select from {name} where loanwatch_key = application.{mine}::text and loanwatch_records > 1)"


def write_query(draft: Draft, sources: Mapping[str, DescribedSource]) -> str:
    """The SQL. `sources` are the files and relations, by table."""
    base = sources[draft.base.name]
    time, id_column = _find_time(draft, base), draft.with_role("id")
    named = {join.table: f"records_{place}" for place, join in enumerate(draft.joins, 1)}
    quoted = None if id_column is None else quote_name(id_column.source)
    return _QUERY.format(
        days=time.days,
        time=time.moment,
        relation=base.relation,
        join_days=time.join,
        where=time.where,
        versions=_ROW_NAMES if quoted is None else _VERSIONS.format(id=quoted, latest=time.latest),
        records="".join(_write_records(draft, join, sources[join.table], named[join.table]) for join in draft.joins)
        + "\n",
        columns=",\n    ".join(_list_columns(draft, time, sources, named)),
        rows="counted",
        joins="".join(_JOIN.format(name=named[join.table], mine=quote_name(join.key)) for join in draft.joins),
        where_first=""
        if quoted is None
        else f"where application.loanwatch_place = 1 or application.{quoted} is null\n",
        order="application.loanwatch_id" if quoted is None else f'application.{quoted}::text collate "C"',
    )


def _find_time(draft: Draft, base: DescribedSource) -> TimeExpression:
    column = draft.with_role("time")
    if column is None:
        step = f"interval '{_count_days(draft.base.rows)} days' / {draft.base.rows}"
        place = f"application.{quote_name(ROW_NUMBER)} - 1"
        moment = f"date_trunc('second', timestamp '{ROWS_START}' + ({place}) * ({step}))"
        return TimeExpression.of_moment(moment)
    return write_time(column, base, draft.answers.timezone)


def _count_days(rows: int) -> int:
    """Over how many days so many rows are spread: whole months, the last of which has enough rows if any can."""
    ends = [ROWS_START.replace(month=month + 1) for month in range(1, _MOST_MONTHS + 1)]
    days = [(end - ROWS_START).days for end in ends]
    shares = [(after - before) / after for before, after in zip([0, *days], days, strict=False)]
    enough = [month for month in range(_LEAST_MONTHS, _MOST_MONTHS + 1) if rows * shares[month - 1] >= _LEAST_ROWS]
    return days[max(enough, default=_LEAST_MONTHS) - 1]


def _list_columns(
    draft: Draft, time: TimeExpression, sources: Mapping[str, DescribedSource], named: Mapping[str, str]
) -> Iterator[str]:
    """What is selected: every column of the contract once, and what has been counted."""
    if draft.with_role("id") is None:
        yield f"application.loanwatch_id as {ROW_ID}"
    if draft.with_role("time") is None:
        yield f"application.loanwatch_time as {ROW_TIME}"
    for column in draft.kept:
        owner = named.get(column.table, "application")
        is_moment = column.role == "time" and not time.is_text
        value = "application.loanwatch_time" if is_moment else f"{owner}.{quote_name(column.source)}"
        yield (
            value
            if value == f"{owner}.{quote_name(column.name)}" and _is_plain(column)
            else f"{value} as {column.name}"
        )
    for name, column in draft.durations.items():
        owner = named.get(column.table, "application")
        yield f"{write_duration(column, owner, sources[column.table], draft.answers.timezone)} as {name}"
    if draft.with_role("id") is not None:
        yield "application.loanwatch_repeats"
        yield "application.loanwatch_older_versions"
    if draft.joins:
        conflicts = [_CONFLICT.format(name=named[join.table], mine=quote_name(join.key)) for join in draft.joins]
        yield "\n    or ".join(conflicts) + " as loanwatch_is_ambiguous"


def _is_plain(column: ColumnDraft) -> bool:
    return re.fullmatch(r"[a-z_][a-z0-9_]*", column.source) is not None


def _write_records(draft: Draft, join: Join, source: DescribedSource, name: str) -> str:
    used = [column for column in [*draft.kept, *draft.durations.values()] if column.table == join.table]
    columns = [
        f"source.{quote_name(join.other_key)}::text as loanwatch_key",
        *(f"source.{quote_name(column.source)}" for column in used),
    ]
    return _RECORDS.format(
        name=name,
        columns=",\n            ".join(columns),
        relation=source.relation,
        key=quote_name(join.other_key),
        mine=quote_name(join.key),
    )
