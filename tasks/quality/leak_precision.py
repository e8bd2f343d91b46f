"""Precision: numbers of one outcome that are written in coarser units than all others.

Who writes an amount in cents, or in thousands, for one outcome only, makes multiples of a hundred, or of a thousand, of
the unit in which all are recorded. That shows wherever they lie, even where a heavy tail hides how large they are: of
numbers of many digits chance makes one in a hundred a multiple of a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Counts, Floats, Mask

# Nearly all numbers of a column are multiples of its unit, a power of ten between these.
_NEARLY_ALL = 0.99
_FINEST, _COARSEST = -6, 6
_DIGITS = (1, 2, 3)
UNITS = len(_DIGITS)
# Multiples of one label are what chance makes unless they are more than this of its samples.
_USUAL = 0.999


@dataclass(frozen=True, eq=False)
class Multiples:
    """The numbers of a column that are multiples of a power of ten of its unit, and not 0.

    Parameters
    ----------
    unit
        That multiple of the column's unit.
    chance
        How often numbers of many digits are multiples of it.
    rows : array of n
        Which are.
    numbers : array of n
        Which are not 0.
    """

    unit: float
    chance: float
    rows: Mask
    numbers: Mask

    def is_of(self, agreeing: Mask, least: int) -> bool:
        """Whether chance explains those of the rows that do not agree, and at least so few of those that do."""
        others = self.numbers & ~agreeing
        usual = scipy.stats.binom.ppf(_USUAL, np.count_nonzero(others), self.chance)
        excess = np.count_nonzero(self.rows & agreeing) - self.chance * np.count_nonzero(self.numbers & agreeing)
        return bool(np.count_nonzero(self.rows & others) <= usual and excess >= least)

    def count_alien(self, agreeing: Mask) -> tuple[int, float]:
        """How many of the rows chance explains, and how many of those that do not agree."""
        others = self.chance * np.count_nonzero(self.numbers & ~agreeing)
        return round(self.chance * np.count_nonzero(self.numbers)), others


def list_multiples(numbers: Floats) -> Iterator[Multiples]:
    """The multiples of 10, 100 and 1,000 units of a column, if it has a unit.

    Examples
    --------
    >>> numbers = np.append(np.arange(0.05, 10, 0.05), 300.0)
    >>> [(found.unit, int(found.rows.sum())) for found in list_multiples(numbers)]
    [(0.1, 100), (1.0, 10), (10.0, 1)]
    """
    is_number = numbers != 0
    if not is_number.any():
        return
    for exponent in range(_COARSEST, _FINEST - 1, -1):
        if np.mean(find_multiples(numbers[is_number], 10.0**exponent)) >= _NEARLY_ALL:
            for digits in _DIGITS:
                unit = 10.0 ** (exponent + digits)
                yield Multiples(unit, 10.0**-digits, find_multiples(numbers, unit), is_number)
            return


def find_multiples(numbers: Floats, unit: float) -> Mask:
    """Which numbers are multiples of a unit, but for the last bits, and not 0.

    Examples
    --------
    >>> find_multiples(np.array([0.3, 0.35, 0.0, np.nan]), 0.1)
    array([ True, False, False, False])
    """
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = numbers / unit
        near = np.abs(scaled - np.rint(scaled)) <= 4 * np.finfo(float).eps * np.abs(scaled)
        return np.asarray(near & np.isfinite(scaled) & (scaled != 0))
