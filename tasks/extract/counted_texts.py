"""Times that are counts: of seconds or milliseconds since 1970 in UTC, or of days since a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.contract.fields import DAYS_SINCE, UNIX, UNIX_MILLISECONDS
from tasks.extract.number_texts import read_number, read_numbers

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {UNIX: 1_000_000, UNIX_MILLISECONDS: 1_000}  # in microseconds
_DAY = 86_400_000_000


def _count(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


# Python's times, less a day for any zone.
_FIRST, _AFTER = _count(datetime(1, 1, 2, tzinfo=UTC)), _count(datetime(9999, 12, 31, tzinfo=UTC))


def is_counted(written: str) -> bool:
    """Whether a format of the contract is a count."""
    return written in _UNITS or written.startswith(DAYS_SINCE)


def read_count(text: str, written: str) -> datetime:
    """The time that a count means, with a zone where it has one. Raises ValueError or OverflowError."""
    start, unit = (_EPOCH, _UNITS[written]) if written in _UNITS else (_read_day(written), _DAY)
    return start + timedelta(microseconds=round(read_number(text) * float(unit)))


def read_counts(texts: pa.StringArray, written: str, zone: str) -> pa.TimestampArray:
    """Many counts as times in a zone; null for other texts."""
    numbers, _ = read_numbers(texts)
    if written in _UNITS:
        return move(_count_microseconds(numbers, _UNITS[written]), zone)
    start = _count(_read_day(written).replace(tzinfo=UTC))
    return pc.cast(_keep_valid(pc.add(_count_microseconds(numbers, _DAY), start)), pa.timestamp("us"))


def move(counted: pa.Int64Array, zone: str) -> pa.TimestampArray:
    """Microseconds since 1970 in UTC as times in a zone."""
    kept = pc.cast(_keep_valid(counted), pa.timestamp("us"))
    if zone == "UTC":
        return kept
    moved = pd.DatetimeIndex(kept.to_numpy(zero_copy_only=False)).tz_localize(UTC).tz_convert(ZoneInfo(zone))
    return pa.array(moved.tz_localize(None), pa.timestamp("us"), from_pandas=True)


def _count_microseconds(numbers: pa.DoubleArray, unit: int) -> pa.Int64Array:
    counted = pc.round(pc.multiply(numbers, float(unit)), round_mode="half_to_even")
    is_valid = pc.and_(pc.greater_equal(counted, float(_FIRST)), pc.less(counted, float(_AFTER)))
    return pc.cast(pc.if_else(is_valid, counted, None), pa.int64())


def _keep_valid(counted: pa.Int64Array) -> pa.Int64Array:
    """Of counts of microseconds those that are times with a year of four digits."""
    return pc.if_else(pc.and_(pc.greater_equal(counted, _FIRST), pc.less(counted, _AFTER)), counted, None)


def _read_day(written: str) -> datetime:
    return datetime.fromisoformat(written.removeprefix(DAYS_SINCE))
