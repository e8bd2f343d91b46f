"""Repeated numbers: does a number occur again more often than numbers next to it make likely?

Of incomes to the unit, two applicants have the same about as often as they have two that differ by one unit. Where
equal ones are far more frequent, rows are repeated: of one customer, or of one product. Round numbers are repeated by
themselves and count for nothing.
"""

from __future__ import annotations

import numpy as np

from tasks.core.arrays import Floats, Integers
from tasks.quality.leak_precision import list_multiples

# Multiples of this many units are round: people and price lists prefer them.
_ROUND = 5
# Numbers so many units apart are compared with equal ones. A step between all numbers, such as 12, is one of them.
_APART = 100
# Chance explains at most this share of the equal pairs; they exceed it by this many standard errors.
_BY_CHANCE, _SURE = 0.5, 6.0
_LARGEST = 2.0**53


def are_repeated(numbers: Floats, most_rows: int) -> bool:
    """Whether numbers are equal far more often than chance makes them.

    Parameters
    ----------
    numbers : array of n
        Those that more than `most_rows` rows have are left out, and so are missing ones.
    most_rows : int

    Examples
    --------
    >>> incomes = np.random.default_rng(1).integers(10_000, 60_000, 2_000).astype(float)
    >>> are_repeated(incomes, 30), are_repeated(np.repeat(incomes[:1_000], 2), 30)
    (False, True)
    """
    numbers = numbers[np.isfinite(numbers)]
    unit = next((found.unit / 10 for found in list_multiples(numbers)), None)
    if unit is None or np.abs(numbers).max() / unit > _LARGEST:
        return False
    held, rows = np.unique(np.rint(numbers / unit).astype(np.int64), return_counts=True)
    is_used = (held % _ROUND != 0) & (rows <= most_rows)
    held, rows = held[is_used], rows[is_used].astype(np.float64)
    equal = float(rows @ (rows - 1)) / 2
    chance = max((_count_apart(held, rows, apart) for apart in range(1, _APART + 1)), default=0.0) / 2
    return bool(equal - chance > _SURE * np.sqrt(equal + 1) and chance <= _BY_CHANCE * equal)


def _count_apart(held: Integers, rows: Floats, apart: int) -> float:
    """How many pairs of rows are so many units apart, as if none were left out for being round."""
    place = np.searchsorted(held, held + apart).clip(max=max(len(held) - 1, 0))
    is_held = held[place] == held + apart if len(held) else np.zeros(0, np.bool_)
    kept = np.mean([(rest + apart) % _ROUND != 0 for rest in range(1, _ROUND)])
    return float(rows[is_held] @ rows[place[is_held]]) / max(float(kept), 0.1)
