"""Times: the format in which a column writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from tasks.contract.fields import DAYS_SINCE, UNIX, UNIX_MILLISECONDS
from tasks.describe.vocabulary import has_part

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?", re.IGNORECASE
)
_DAYS = (
    "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d-%b-%Y",
    "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y",
)  # fmt: skip
_MONTHS = ("%b-%Y", "%b-%y", "%b %Y", "%B %Y", "%Y-%m", "%m/%Y", "%m-%Y", "%m.%Y", "%Y/%m")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_LEAST_READ = 0.97
_MOST_TRIED = 6_000
_FIRST_TRIED = 20
_GLANCE = 3
# A number may be a time where the name says so and the days are plausible.
_FIRST_DAY, _LAST_DAY = date(1980, 1, 1), date(2060, 1, 1)
_EPOCHS = ("1960-01-01", "1970-01-01", "1900-01-01", "1899-12-30")
_NAMES = ("date", "time", "timestamp", "at", "on", "day", "days", "ts", "created", "issued", "dt", "d")


@dataclass(frozen=True)
class TimeFormat:
    """How a column writes its times.

    Parameters
    ----------
    formats
        As strptime takes them, or `unix`, `unix_ms`, `days since DATE`; none where it is an ISO time.
    first, last
        The days of the sample's first and last time.
    has_zone
        Whether the texts name a zone.
    is_month
        Whether the times are months, without a day.
    is_ambiguous
        Whether 03/04/2018 may be March or April.
    others
        The texts that are no times, and their counts.
    """

    formats: tuple[str, ...]
    first: date
    last: date
    has_zone: bool = False
    is_month: bool = False
    is_ambiguous: bool = False
    others: Mapping[str, int] | None = None


def find_time_format(name: str, counts: Mapping[str, int], missing: frozenset[str]) -> TimeFormat | None:
    """How a column of such texts writes times; None where it does not. `name` is the column's."""
    texts = [text for text in counts if text.lower() not in missing]
    texts = texts[:: len(texts) // _MOST_TRIED + 1]
    if not texts:
        return None
    if all(text.isdecimal() for text in texts[:_FIRST_TRIED]) and not has_part(name, _NAMES):
        return None
    return _read_iso(texts, counts) or _read_by_formats(texts, counts) or _read_numbers(name, texts, counts)


def read_moments(texts: Sequence[str | None], form: TimeFormat) -> pd.Series[pd.Timestamp]:
    """The texts as times without a zone, zoned ones in UTC; NaT where there is none."""
    series = pd.Series(list(texts), dtype="object")
    if not form.formats:
        return pd.to_datetime(series, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
    written = form.formats[0]
    if written.startswith("%"):
        return pd.to_datetime(series, format=written, errors="coerce")
    numbers = pd.to_numeric(series, errors="coerce")
    if written in (UNIX, UNIX_MILLISECONDS):
        return pd.to_datetime(numbers, unit="s" if written == UNIX else "ms", errors="coerce")
    return pd.to_datetime(numbers, unit="D", origin=written.removeprefix(DAYS_SINCE), errors="coerce")


def _read_iso(texts: list[str], counts: Mapping[str, int]) -> TimeFormat | None:
    matches = {text: _ISO.fullmatch(text) for text in texts}
    days = {text: _make_day(match) for text, match in matches.items() if match}
    read = {text: day for text, day in days.items() if day is not None}
    if not _is_enough(read, texts, counts):
        return None
    has_zone = any(match and match[4] for match in matches.values())
    return _conclude((), read, texts, counts, has_zone=has_zone)


def _make_day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _read_by_formats(texts: list[str], counts: Mapping[str, int]) -> TimeFormat | None:
    if not any(character.isdigit() for character in texts[0]):
        return None
    tried = [*(day + clock for day in _DAYS for clock in _CLOCKS), *_MONTHS]
    first, glance = texts[:_FIRST_TRIED], texts[:_GLANCE]
    seen = [form for form in tried if _count_read(glance, form) > 0]
    fits = [form for form in seen if _count_read(first, form) >= _LEAST_READ * len(first)]
    found = {form: _read_all(texts, form) for form in fits}
    enough = [form for form, read in found.items() if _is_enough(read, texts, counts)]
    if not enough:
        return None
    best = max(enough, key=lambda form: (len(found[form]), -enough.index(form)))
    swapped = best.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
    is_ambiguous = swapped != best and len(found.get(swapped, ())) == len(found[best])
    is_month = best in _MONTHS
    return _conclude((best,), found[best], texts, counts, is_month=is_month, is_ambiguous=is_ambiguous)


def _read_all(texts: list[str], form: str) -> dict[str, date]:
    return {text: day for text in texts if (day := _read_one(text, form)) is not None}


def _count_read(texts: list[str], form: str) -> int:
    return sum(_read_one(text, form) is not None for text in texts)


def _read_one(text: str, form: str) -> date | None:
    try:
        day = datetime.strptime(text, form).replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2100 else None


def _read_numbers(name: str, texts: list[str], counts: Mapping[str, int]) -> TimeFormat | None:
    if not has_part(name, _NAMES):
        return None
    numbers = {text: float(text) for text in texts if re.fullmatch(r"\d+(\.0*)?", text)}
    if not _is_enough(numbers, texts, counts):
        return None
    for form, read in (
        (UNIX, _from_seconds),
        (UNIX_MILLISECONDS, _from_milliseconds),
        *((f"{DAYS_SINCE}{day}", _from_epoch(day)) for day in _EPOCHS),
    ):
        days = {text: read(number) for text, number in numbers.items()}
        if all(day is not None and _FIRST_DAY <= day <= _LAST_DAY for day in days.values()):
            known = {text: day for text, day in days.items() if day is not None}
            return _conclude((form,), known, texts, counts, is_ambiguous=form.startswith(DAYS_SINCE))
    return None


def _from_seconds(number: float) -> date | None:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)).date() if number < 1e10 else None


def _from_milliseconds(number: float) -> date | None:
    return _from_seconds(number / 1000) if number >= 1e10 else None


def _from_epoch(epoch: str) -> Callable[[float], date | None]:
    def read(number: float) -> date | None:
        return date.fromisoformat(epoch) + timedelta(days=number) if 1 <= number < 60_000 else None

    return read


def _is_enough(read: Mapping[str, object], texts: list[str], counts: Mapping[str, int]) -> bool:
    """Whether nearly all rows have a time."""
    return sum(counts[text] for text in read) >= _LEAST_READ * sum(counts[text] for text in texts)


def _conclude(
    formats: tuple[str, ...], read: Mapping[str, date], texts: list[str], counts: Mapping[str, int], **said: bool
) -> TimeFormat:
    others = {text: counts[text] for text in texts if text not in read}
    return TimeFormat(formats, min(read.values()), max(read.values()), others=others, **said)
