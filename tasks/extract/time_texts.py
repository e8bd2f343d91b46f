"""Times from texts: in the contract's formats, or day or year first, and always in the contract's time zone."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.contract.words import fold_blanks
from tasks.extract.counted_texts import is_counted, move, read_count, read_counts
from tasks.extract.fixed_texts import read_fixed
from tasks.extract.texts import NOTHING_LISTED, UnreadableTextError, fill_others, is_missing

_TIME = re.compile(
    r"(?:(\d\d)-(\d\d)-(\d{4})|(\d{4})-(\d\d)-(\d\d))"
    r"(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?\s?(Z|[+-]\d\d(?::?\d\d){0,2})?)?",
    re.ASCII,
)
_ZONED = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)$"
# The zones that loan_applications.sql reads: UTC after whole or split seconds.
_ZONE, _UTC_ZONE = r":\d\d[^-+Z]*([-+Z].*)$", r":\d\d:\d\d(\.\d+)?(Z|[+-]00(:?00)?)$"
_MINUTE = "%d-%m-%Y %H:%M"  # which Arrow does not know


@dataclass(frozen=True)
class TimeForm:
    """How the times of a column are written: the contract's `formats`, and its `timezone`."""

    formats: tuple[str, ...] = ()
    zone: str = "UTC"


PLAIN_TIMES = TimeForm()


def read_time(text: str, missing: Set[str] = NOTHING_LISTED, form: TimeForm = PLAIN_TIMES) -> datetime | None:
    """The time in the form's zone, without it, or None where the text means missing.

    Without `formats` a text begins DD-MM-YYYY or YYYY-MM-DD. A time with a zone is converted; another one is in the
    form's zone already. Raises UnreadableTextError for any other text, and for days that do not exist.
    """
    stripped = fold_blanks(text)
    if is_missing(text, missing):
        return None
    for written in form.formats:
        try:
            return _drop_zone(_read_format(stripped, written), form)
        except (ValueError, OverflowError):
            continue
    match = None if form.formats else _TIME.fullmatch(stripped)
    if match is None:
        raise UnreadableTextError(text)
    try:
        return _drop_zone(_read_match(match), form)
    except (ValueError, OverflowError):
        raise UnreadableTextError(text) from None


def read_times(
    texts: pa.StringArray, missing: Set[str] = NOTHING_LISTED, form: TimeForm = PLAIN_TIMES
) -> tuple[pa.TimestampArray, pa.BooleanArray]:
    """A column of texts as times without a zone, and which of them are not times."""
    return _read_left(texts, _read_plain(texts, form), missing, form)


def read_whole_seconds(texts: pa.StringArray, form: TimeForm = PLAIN_TIMES) -> pa.TimestampArray:
    """A column of texts as times, as loan_applications.sql reads them: only spaces around them, and no fractions.

    A text that is not a time is null, and so is one with other white space around it, or with a zone other than UTC
    where the contract says nothing of zones or formats.
    """
    bare = pc.utf8_trim(texts, " ")
    kept = pc.if_else(pc.equal(bare, pc.utf8_trim_whitespace(bare)), bare, None)
    times = _read_plain(kept, form)
    if form == PLAIN_TIMES and times.null_count > kept.null_count:
        left = pc.if_else(pc.is_null(times), kept, None)
        is_elsewhere = pc.and_not(pc.match_substring_regex(left, _ZONE), pc.match_substring_regex(left, _UTC_ZONE))
        kept = pc.if_else(pc.fill_null(is_elsewhere, False), None, kept)
    return pc.floor_temporal(_read_left(kept, times, NOTHING_LISTED, form)[0], unit="second")


def _read_left(
    texts: pa.StringArray, times: pa.TimestampArray, missing: Set[str], form: TimeForm
) -> tuple[pa.TimestampArray, pa.BooleanArray]:
    """The times, with those that are not read yet, and which texts are not times."""
    if times.null_count == texts.null_count:
        return times, pa.array(np.zeros(len(texts), bool))
    return fill_others(texts, times, partial(read_time, missing=missing, form=form), partial(_read_quickly, form=form))


def _read_plain(texts: pa.StringArray, form: TimeForm) -> pa.TimestampArray:
    """The times without a zone in the formats of most tables; null for every other text, and for some times."""
    if form.formats:
        return pa.nulls(len(texts), pa.timestamp("us"))
    times = read_fixed(texts, _MINUTE)
    if times.null_count == texts.null_count:
        return times
    try:
        # Arrow would take an hour without minutes for a time.
        is_left_out = pc.or_(pc.is_valid(times), pc.equal(pc.binary_length(texts), 13))
        return pc.coalesce(times, pc.cast(pc.if_else(is_left_out, None, texts), pa.timestamp("us")))
    except pa.ArrowInvalid:
        return times


def _read_quickly(texts: pa.StringArray, form: TimeForm) -> pa.TimestampArray:
    """Many times in the first format that most texts have; null where that needs a closer look."""
    if not form.formats:
        return _read_zoned(texts, form)
    first = form.formats[0]
    return read_counts(texts, first, form.zone) if is_counted(first) else read_fixed(texts, first)


def _read_zoned(texts: pa.StringArray, form: TimeForm) -> pa.TimestampArray:
    """The times with a zone."""
    try:
        is_zoned = pc.match_substring_regex(texts, _ZONED)
        times = pc.cast(pc.if_else(is_zoned, texts, None), pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return pa.nulls(len(texts), pa.timestamp("us"))
    return move(pc.cast(times, pa.int64()), form.zone)


def _read_format(text: str, written: str) -> datetime:
    """The time in a text of one format. Raises ValueError or OverflowError."""
    return read_count(text, written) if is_counted(written) else datetime.strptime(text, written)


def _read_match(match: re.Match[str]) -> datetime:
    day, month, year = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    microseconds = int((match[10] or "").ljust(6, "0")[:6])
    clock = (int(match[7] or 0), int(match[8] or 0), int(match[9] or 0), microseconds)
    zone = _read_zone(match[11]) if match[11] else None
    return datetime(int(year), int(month), int(day), *clock, tzinfo=zone)


def _read_zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes, seconds = (int(text[1:].replace(":", "").ljust(6, "0")[place : place + 2]) for place in (0, 2, 4))
    if minutes > 59 or seconds > 59:
        raise ValueError(text)
    east = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(east if text[0] == "+" else -east)


def _drop_zone(time: datetime, form: TimeForm) -> datetime:
    return time if time.tzinfo is None else time.astimezone(ZoneInfo(form.zone)).replace(tzinfo=None)
