"""Counting one column of one part of a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Mask
from tasks.quality.column_counts import MOST_NAMED, Beyond, ColumnCounts, Words
from tasks.quality.hashes import hash_words
from tasks.quality.marked import mark_rows


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a window: its rows, and its place in the window's order."""

    contract: Contract
    applications: pd.DataFrame
    place: int


def count_column(part: Part, column: Column, is_present: Mask) -> ColumnCounts:
    """What the checks need of a column. `is_present` says which rows have a value."""
    values, present = part.applications[column.name], int(np.count_nonzero(is_present))
    if column.type == "number":
        return _count_numbers(part, column, values.to_numpy(np.float64), is_present)
    if column.type == "category":
        return _count_words(part, column, values.astype("category"), present)
    return ColumnCounts(present)


def _count_numbers(part: Part, column: Column, numbers: Floats, is_present: Mask) -> ColumnCounts:
    special = tuple(int(np.count_nonzero(numbers == value)) for value in column.special)
    present = int(np.count_nonzero(is_present))
    if not present:
        return ColumnCounts(special=special)
    lowest, highest = float(np.fmin.reduce(numbers)), float(np.fmax.reduce(numbers))
    is_bounded = np.isfinite(lowest) and np.isfinite(highest)
    infinite = 0 if is_bounded else int(np.count_nonzero(np.isinf(numbers)))
    first = float(numbers[np.argmax(is_present)])
    beyond = Beyond()
    low, high = (-np.inf if column.min is None else column.min), (np.inf if column.max is None else column.max)
    if lowest < low or highest > high:
        beyond = _count_beyond(part, column, numbers, (numbers < low) | (numbers > high))
    return ColumnCounts(present, infinite, (part.place, first), lowest != highest, special, beyond)


def _count_beyond(part: Part, column: Column, numbers: Floats, is_beyond: Mask) -> Beyond:
    """Special values may lie outside the range."""
    for value in column.special:
        is_beyond &= numbers != value
    if not is_beyond.any():
        return Beyond()
    found = numbers[is_beyond]
    marked = mark_rows(part.contract, part.applications, is_beyond, part.place)
    # A negative zero is a zero.
    return Beyond(marked, float(found.min()) + 0.0, float(found.max()) + 0.0)


def _count_words(part: Part, column: Column, values: pd.Series, present: int) -> ColumnCounts:
    codes = values.cat.codes.to_numpy()
    rows = np.bincount(codes.astype(np.int64) + 1, minlength=1)[1:]
    held = np.flatnonzero(rows)
    words = values.cat.categories[held]
    if not present:
        return ColumnCounts()
    first = str(values.cat.categories[codes[np.argmax(codes >= 0)]])
    counted = Words(np.unique(hash_words(words)))
    if column.categories is not None:
        is_other = ~words.isin(column.categories)
        if is_other.any():
            others = pd.Series(rows[held[is_other]], index=words[is_other])
            mask = np.isin(codes, held[is_other])
            marked = mark_rows(part.contract, part.applications, mask, part.place)
            counted = Words(counted.distinct, marked, choose_words(others))
    return ColumnCounts(present, first=(part.place, first), is_varied=len(held) > 1, words=counted)


def choose_words(counts: pd.Series[int]) -> dict[str, int]:
    """The most frequent words; of equally frequent ones those that come first in the alphabet."""
    ranked = sorted(((str(word), int(rows)) for word, rows in counts.items()), key=lambda pair: (-pair[1], pair[0]))
    return dict(ranked[:MOST_NAMED])
