"""Cut: which days a part of a large window has, and which rows a piece of a day that is too large by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.core.arrays import Integers
from tasks.core.windows import Window


def cut_window(window: Window, rows: Mapping[date, int], most_rows: int) -> list[Window]:
    """Parts of whole days in their order, each of at most so many rows, unless one day has more.

    Examples
    --------
    >>> rows = {date(2024, 8, day): 40 for day in range(1, 6)}
    >>> [part.days for part in cut_window(Window(date(2024, 8, 1), date(2024, 8, 6)), rows, 100)]
    [2, 2, 2]
    """
    cut: list[Window] = []
    first, held = window.start, 0
    for day in (window.start + timedelta(days=number) for number in range(window.days)):
        count = rows.get(day, 0)
        if held and count and held + count > most_rows:
            cut.append(Window(first, day - timedelta(days=1)))
            first, held = day, 0
        held += count
    return [*cut, Window(first, window.end)]


def cut_day(times: pa.ChunkedArray, ids: pa.ChunkedArray, most_rows: int) -> Integers:
    """The piece of each row of a day, from 0: pieces follow one another by time and id, as the rows of a window do.

    Rows that are equal in both are in one piece, so that one may have more than so many rows.

    Examples
    --------
    >>> times, ids = pa.chunked_array([[5, 1, 5, 5]]), pa.chunked_array([["b", "z", "a", "a"]])
    >>> cut_day(times, ids, 2).tolist()
    [1, 0, 0, 0]
    """
    rows = pa.table({"time": times, "id": ids})
    order = pc.sort_indices(rows, sort_keys=[("time", "ascending"), ("id", "ascending")])
    ordered = rows.take(order)
    is_new = np.ones(len(rows), np.bool_)
    is_new[1:] = ~_equals_next(ordered["time"]) | ~_equals_next(ordered["id"])
    begins = np.maximum.accumulate(np.where(is_new, np.arange(len(rows)), 0))
    size = -(-len(rows) // -(-len(rows) // most_rows))
    pieces = np.empty(len(rows), np.int64)
    pieces[order.to_numpy()] = np.unique(begins // size, return_inverse=True)[1]
    return pieces


def _equals_next(values: pa.ChunkedArray) -> np.typing.NDArray[np.bool_]:
    """Whether each but the last equals the one after it; missing ones are equal."""
    first, second = values.slice(0, len(values) - 1), values.slice(1)
    both_missing = pc.and_(pc.is_null(first), pc.is_null(second))
    return np.asarray(pc.or_(pc.fill_null(pc.equal(first, second), False), both_missing), dtype=np.bool_)
