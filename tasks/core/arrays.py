"""Arrays: their types by what they hold, and samples of their rows."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]  # positions, and other whole numbers
Counts = NDArray[np.int64]
Codes = NDArray[np.int32]  # the level of a value: see tasks.profile.bins
Mask = NDArray[np.bool_]
Keys = NDArray[np.uint64]  # hashes of customers or of rows
Days = NDArray[np.datetime64]  # in whole days


def pick_rows(values: NDArray[T], rows: Mask) -> NDArray[T]:
    """The values where the mask is true; the array itself where it is true throughout: a copy may be large."""
    return values if rows.all() else values[rows]


def sample_rows(rows: int, most: int, seed: int) -> Integers:
    """The positions of all rows, or of `most` of them drawn at random, in their order."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def draw_groups(keys: Keys, rows: int, random: np.random.Generator) -> Mask:
    """Whole groups of rows with equal keys, drawn at random until there are so many rows; a group is never cut."""
    groups, place, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    order = random.permutation(len(groups))
    is_drawn = np.zeros(len(groups), dtype=np.bool_)
    is_drawn[order] = np.cumsum(sizes[order]) - sizes[order] < rows
    return np.asarray(is_drawn[place], dtype=np.bool_)
