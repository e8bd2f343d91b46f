"""Typed columns: numbers, categories and times from texts. A text that cannot be read is missing, and is counted.

The batch, the CSV files and the scoring API share these readers. Arrow reads whole columns at once; the few texts that
it cannot read go one by one through `read_number`, `read_time` and `read_category`, which define the formats.

**Missing values.** A blank text is always missing. Numbers and times also treat the texts of NO_VALUE as missing: none
of them can be a number or a time, so nothing is lost. A category does not: "none" (no guarantor) and "na" (a country
code) are answers of some lenders, and a reader that drops an answer hides it from every check. A lender whose
categories use such texts for a missing value lists them in the contract: `missing = ["n/a"]`, for the whole table or
for one column. The contract adds to NO_VALUE and never takes from it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Set
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.contract.columns import fold

NO_VALUE = frozenset({"", "nan", "null", "none", "n/a", "na"})
NOTHING_LISTED: frozenset[str] = frozenset()

_NUMBER = re.compile(r"([+-]?)\$?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_PLAIN_NUMBER = r"^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$"
_TIME = re.compile(
    r"(?:(\d\d)-(\d\d)-(\d{4})|(\d{4})-(\d\d)-(\d\d))"
    r"(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?(?:Z|[+-]00(?::?00)?)?)?)?",
    re.ASCII,
)


class UnreadableTextError(ValueError):
    """A text is not a number, or not a time."""


def read_number(text: str, missing: Set[str] = NOTHING_LISTED) -> float:
    """The number in a text: `1234.5`, `$1,234.50`, `-3`, `1e5`; NaN where it means that the value is missing.

    `missing` holds the texts, folded, that the contract adds to NO_VALUE. A comma must precede three digits: `1234,50`
    would otherwise become a hundred times as much.
    Raises UnreadableTextError for any other text, and for a number that is not finite.
    """
    stripped = text.strip()
    if _is_missing(text, missing):
        return math.nan
    match = _NUMBER.fullmatch(stripped)
    number = float(match[1] + match[2].replace(",", "") + (match[3] or "")) if match else math.inf
    if math.isinf(number):
        raise UnreadableTextError(text)
    return number


def read_time(text: str, missing: Set[str] = NOTHING_LISTED) -> datetime | None:
    """The time without a zone in a text that begins DD-MM-YYYY or YYYY-MM-DD; None where it means missing.

    A zone other than UTC is refused. Raises UnreadableTextError for any other text, and for days that do not exist.
    """
    stripped = text.strip()
    if _is_missing(text, missing):
        return None
    match = _TIME.fullmatch(stripped)
    if match is None:
        raise UnreadableTextError(text)
    day, month, year = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    microseconds = int((match[10] or "").ljust(6, "0")[:6])
    clock = (int(match[7] or 0), int(match[8] or 0), int(match[9] or 0), microseconds)
    try:
        return datetime(int(year), int(month), int(day), *clock, tzinfo=UTC).replace(tzinfo=None)
    except ValueError:
        raise UnreadableTextError(text) from None


def read_category(text: str, aliases: Mapping[str, str], missing: Set[str] = NOTHING_LISTED) -> str | None:
    """The category in a text: folded, under the name that the contract prefers; None where it means missing."""
    folded = fold(text)
    return None if not folded or folded in missing else aliases.get(folded, folded)


def _is_missing(text: str, missing: Set[str]) -> bool:
    folded = fold(text)
    return folded in NO_VALUE or folded in missing


def read_numbers(texts: pa.StringArray, missing: Set[str] = NOTHING_LISTED) -> tuple[pa.DoubleArray, pa.BooleanArray]:
    """A column of texts as numbers, and which of them are not numbers."""
    try:
        numbers = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        is_plain = pc.match_substring_regex(texts, _PLAIN_NUMBER)
        numbers = pc.cast(pc.if_else(is_plain, texts, None), pa.float64())
    finite = pc.if_else(pc.is_finite(numbers), numbers, None)
    return _fill_others(texts, finite, partial(read_number, missing=missing))


def read_times(texts: pa.StringArray, missing: Set[str] = NOTHING_LISTED) -> tuple[pa.TimestampArray, pa.BooleanArray]:
    """A column of texts as times without a zone, and which of them are not times."""
    times = _read_minutes(texts)
    if times.null_count == texts.null_count:
        return times, pa.array(np.zeros(len(texts), bool))
    try:
        # Arrow would take an hour without minutes for a time.
        is_left_out = pc.or_(pc.is_valid(times), pc.equal(pc.binary_length(texts), 13))
        times = pc.coalesce(times, pc.cast(pc.if_else(is_left_out, None, texts), pa.timestamp("us")))
    except pa.ArrowInvalid:
        pass
    return _fill_others(texts, times, partial(read_time, missing=missing))


def read_whole_seconds(texts: pa.StringArray) -> pa.TimestampArray:
    """A column of texts as times, as loan_applications.sql reads them: only spaces around them, and no fractions.

    A text that is not a time is null, and so is one with other white space around it.
    """
    bare = pc.utf8_trim(texts, " ")
    times, _ = read_times(pc.if_else(pc.equal(bare, pc.utf8_trim_whitespace(bare)), bare, None))
    return pc.floor_temporal(times, unit="second")


def read_categories(
    texts: pa.DictionaryArray, aliases: Mapping[str, str], missing: Set[str] = NOTHING_LISTED
) -> pa.DictionaryArray:
    """A column of texts as categories."""
    read = [None if text is None else read_category(text, aliases, missing) for text in texts.dictionary.to_pylist()]
    named = pa.array(read, pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(pc.take(named.indices, texts.indices), named.dictionary)


def order_categories(categories: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same values, with the dictionary in the order in which they first appear."""
    order = pc.unique(categories.indices).drop_null()
    return pa.DictionaryArray.from_arrays(pc.index_in(categories.indices, order), pc.take(categories.dictionary, order))


def _read_minutes(texts: pa.StringArray) -> pa.TimestampArray:
    """The times in exactly the format DD-MM-YYYY HH:MM, which Arrow cannot read; null for every other text."""
    is_as_long = pc.fill_null(pc.equal(pc.binary_length(texts), len(_MINUTE)), False)
    written = _lay_out(texts.filter(is_as_long), len(_MINUTE))
    digits = written[:, [place for place, sign in enumerate(_MINUTE) if sign == "9"]] - ord("0")
    is_time = (digits <= 9).all(axis=1)  # a sign before 0 is a large number, too
    for place in (2, 5, 10, 13):
        is_time &= written[:, place] == ord(_MINUTE[place])
    day, month, century, year, hour, minute = (digits[:, ::2] * 10 + digits[:, 1::2]).astype(np.int64).T
    years = century * 100 + year
    is_time &= (years >= 1) & (month >= 1) & (month <= 12) & (hour <= 23) & (minute <= 59)
    months = ((years - 1970) * 12 + month - 1).astype("datetime64[M]")
    first, next_first = months.astype("datetime64[D]"), (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    is_time &= (day >= 1) & (day <= (next_first - first).astype(np.int64))
    minutes = (first.astype(np.int64) + day - 1) * 1440 + hour * 60 + minute
    times = pa.array(minutes * 60_000_000, pa.timestamp("us"), mask=~is_time)
    return pc.replace_with_mask(pa.nulls(len(texts), times.type), is_as_long, times)


_MINUTE = "99-99-9999 99:99"


def _lay_out(texts: pa.StringArray, length: int) -> NDArray[np.uint8]:
    """The bytes of texts of equal length, one row each."""
    _, offsets, signs = texts.buffers()
    if not len(texts) or signs is None:
        return np.empty((0, length), np.uint8)
    start = np.frombuffer(offsets, np.int32)[texts.offset]
    return np.frombuffer(signs, np.uint8, len(texts) * length, start).reshape(-1, length)


def _fill_others(
    texts: pa.StringArray, values: pa.Array, read: Callable[[str], object]
) -> tuple[pa.Array, pa.BooleanArray]:
    """Read the texts without a value yet one by one, each distinct text once."""
    is_open = pc.and_(pc.is_valid(texts), pc.is_null(values))
    if not pc.any(is_open).as_py():
        return values, is_open
    others = pc.if_else(is_open, texts, None).dictionary_encode()
    answers = [_try(read, text) for text in others.dictionary.to_pylist()]
    read_values = pa.array([answer for answer, _ in answers], values.type, from_pandas=True)
    refused = pa.array([is_refused for _, is_refused in answers], pa.bool_())
    is_refused = pc.fill_null(pc.take(refused, others.indices), False)
    return pc.coalesce(values, pc.take(read_values, others.indices)), is_refused


def _try(read: Callable[[str], object], text: str) -> tuple[object, bool]:
    try:
        return read(text), False
    except UnreadableTextError:
        return None, True
