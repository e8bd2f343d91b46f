"""Times in the query: by which expression a window's rows are found, whatever the column's type."""

from __future__ import annotations

from dataclasses import dataclass

from blocks.postgres.copy import quote_name
from tasks.contract.fields import DAYS_SINCE, UNIX, UNIX_MILLISECONDS
from tasks.describe.draft import ColumnDraft
from tasks.describe.sources import DescribedSource

# strptime's signs as PostgreSQL writes them.
_SIGNS = {"%d": "DD", "%m": "MM", "%Y": "YYYY", "%y": "YY", "%b": "Mon", "%B": "FMMonth"}
_CLOCK = (" %H", "T%H", " %I")
_DAYS = """days as (
    select {written} as written, min(day) as day
    from generate_series(%(start)s::timestamp, %(end)s::timestamp, interval '1 day') as day
    {only}group by 1
),

"""


@dataclass(frozen=True)
class TimeExpression:
    """How the query finds the rows of a window.

    Parameters
    ----------
    moment
        The time, or of texts the day.
    where
        The condition.
    latest
        How versions are ordered, the latest first.
    is_text
        Whether the contract's reader makes the time of the text.
    days, join
        The days of the window as they are written, and how they are joined.
    """

    moment: str
    where: str
    latest: str = "loanwatch_time desc"
    is_text: bool = False
    days: str = ""
    join: str = ""

    @classmethod
    def of_moment(cls, moment: str) -> TimeExpression:
        """Of an expression that is a timestamp."""
        return cls(
            moment, f"{moment} >= %(start)s::timestamp\n        and {moment} < %(end)s::timestamp + interval '1 day'"
        )


def write_time(column: ColumnDraft, source: DescribedSource, timezone: str) -> TimeExpression:
    """How a window's rows are found by this column."""
    moment = _write_moment(column, f"application.{quote_name(column.source)}", source, timezone)
    if moment is not None:
        return TimeExpression.of_moment(moment)
    return _write_lookup(column)


def write_duration(column: ColumnDraft, owner: str, source: DescribedSource, timezone: str) -> str:
    """The whole days from a date to the application. Texts of a database are ISO dates: others are left out."""
    moment = _write_moment(column, f"{owner}.{quote_name(column.source)}", source, timezone)
    if moment is None:
        moment = f"{owner}.{quote_name(column.source)}::timestamp"
    return f"floor(extract(epoch from application.loanwatch_time - {moment}) / 86400)"


def _write_moment(column: ColumnDraft, name: str, source: DescribedSource, timezone: str) -> str | None:
    """The column as a timestamp without zone; None where it is a text in which days are looked up."""
    declared, time = source.declared.get(column.source, ""), column.reading.time
    zone = quote_text(timezone)
    known = {
        "timestamp without time zone": name,
        "date": f"{name}::timestamp",
        "timestamp with time zone": f"({name} at time zone {zone})",
    }
    if source.is_file or declared in known:
        return name if source.is_file else known[declared]
    if time is None or not time.formats:
        return f"({name}::timestamptz at time zone {zone})" if time is not None and time.has_zone else None
    return _write_number(time.formats[0], f"{name}::double precision", zone)


def _write_number(form: str, number: str, zone: str) -> str | None:
    """A number as a time; None where the format is one of texts."""
    if form.startswith(DAYS_SINCE):
        return f"({quote_text(form.removeprefix(DAYS_SINCE))}::date + {number}::integer)::timestamp"
    seconds = {UNIX: number, UNIX_MILLISECONDS: f"{number} / 1000"}.get(form)
    return None if seconds is None else f"(to_timestamp({seconds}) at time zone {zone})"


def quote_text(value: str) -> str:
    """A text as it stands in SQL."""
    return "'" + value.replace("'", "''") + "'"


def _write_lookup(column: ColumnDraft) -> TimeExpression:
    """Days are looked up as they are written, so that a text that is no day is no error: the row is undated."""
    time, name = column.reading.time, f"btrim(application.{quote_name(column.source)}::text)"
    form = time.formats[0] if time is not None and time.formats else "%Y-%m-%d"
    day = next((form.partition(clock)[0] for clock in _CLOCK if clock in form), form)
    pattern = day
    for sign, written in _SIGNS.items():
        pattern = pattern.replace(sign, written)
    text = f"to_char(day, {quote_text(pattern)})"
    has_names = "%b" in day or "%B" in day
    written = f"lower({text})" if has_names else text
    start = (
        name if day == form and time is not None and time.formats else _take_day(name, pattern, is_named="%B" in day)
    )
    start = f"lower({start})" if has_names else start
    only = "where extract(day from day) = 1\n    " if "%d" not in day else ""
    return TimeExpression(
        moment="days.day",
        where="days.day is not null",
        latest=f"loanwatch_time desc, btrim({quote_name(column.source)}::text) desc",
        is_text=True,
        days=_DAYS.format(written=written, only=only),
        join=f"\n    join days on days.written = {start}",
    )


def _take_day(name: str, pattern: str, *, is_named: bool) -> str:
    """The part of a text before the clock."""
    return f"regexp_replace({name}, '[ T]\\d?\\d:.*$', '')" if is_named else f"left({name}, {len(pattern)})"
