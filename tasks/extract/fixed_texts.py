"""Times whose digits stand at fixed places, such as DD-MM-YYYY HH:MM, whole columns at once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}
_WRITTEN = re.compile(r"%([YmdHMS])|([^%])", re.ASCII | re.DOTALL)


def read_fixed(texts: pa.StringArray, written: str) -> pa.TimestampArray:
    """The times in exactly this format of strptime; null for every other text, and where a format has other parts."""
    layout = _lay_out_format(written)
    if layout is None:
        return pa.nulls(len(texts), pa.timestamp("us"))
    is_as_long = pc.fill_null(pc.equal(pc.binary_length(texts), len(layout)), False)
    signs = _lay_out(texts.filter(is_as_long), len(layout))
    # A sign before 0 becomes a large number, too.
    digits = signs[:, [place for place, sign in enumerate(layout) if sign in _WIDTHS]] - ord("0")
    is_time = (digits <= 9).all(axis=1)
    for place, sign in enumerate(layout):
        if sign not in _WIDTHS:
            is_time &= signs[:, place] == ord(sign)
    parts = _read_parts(digits, [sign for sign in layout if sign in _WIDTHS])
    minutes, is_clock = _count_minutes(parts)
    seconds = minutes * 60 + parts.get("S", 0)
    times = pa.array(seconds * 1_000_000, pa.timestamp("us"), mask=~(is_time & is_clock))
    return pc.replace_with_mask(pa.nulls(len(texts), times.type), is_as_long, times)


@lru_cache(maxsize=100)
def _lay_out_format(written: str) -> tuple[str, ...] | None:
    """For each place of a text the part that its digit belongs to, as a letter of strptime, or the sign there."""
    found = list(_WRITTEN.finditer(written))
    parts = [match[1] for match in found if match[1]]
    others = [match[2] for match in found if match[2]]
    is_whole = sum(len(match[0]) for match in found) == len(written) and "Y" in parts
    if not is_whole or len(set(parts)) < len(parts) or any(sign in _WIDTHS or not sign.isascii() for sign in others):
        return None
    return tuple(place for match in found for place in (match[1] or "") * _WIDTHS.get(match[1], 0) or match[2])


def _read_parts(digits: NDArray[np.uint8], letters: list[str]) -> dict[str, Any]:
    """The number of each part, by its letter."""
    parts: dict[str, Any] = {}
    for place in range(0, len(letters), 2):  # every part has an even number of digits
        pair = (digits[:, place] * 10 + digits[:, place + 1]).astype(np.int64)
        parts[letters[place]] = parts.get(letters[place], 0) * 100 + pair
    return parts


def _count_minutes(parts: dict[str, Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The minutes since 1970, and which of them exist."""
    years, month, day = parts["Y"], parts.get("m", 1), parts.get("d", 1)
    hour, minute = parts.get("H", 0), parts.get("M", 0)
    is_time = (years >= 1) & (month >= 1) & (month <= 12) & (hour <= 23) & (minute <= 59) & (parts.get("S", 0) <= 59)
    months = ((years - 1970) * 12 + month - 1).astype("datetime64[M]")
    first, next_first = months.astype("datetime64[D]"), (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    is_time &= (day >= 1) & (day <= (next_first - first).astype(np.int64))
    return (first.astype(np.int64) + day - 1) * 1440 + hour * 60 + minute, is_time


def _lay_out(texts: pa.StringArray, length: int) -> NDArray[np.uint8]:
    """The bytes of texts of equal length, one row each."""
    _, offsets, signs = texts.buffers()
    if not len(texts) or signs is None:
        return np.empty((0, length), np.uint8)
    start = np.frombuffer(offsets, np.int32)[texts.offset]
    return np.frombuffer(signs, np.uint8, len(texts) * length, start).reshape(-1, length)
