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

from tasks.core.arrays import Floats, Mask
from tasks.quality.leak_signs import PREDICTIVE_ODDS, find_multiples
from tasks.statistics.smooth import expect_values

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


def measure_multiples(numbers: Floats, labels: Floats, least: int) -> tuple[float, float, float, float] | None:
    """The multiples that depart most from a smooth rule of the other numbers; None where no outcome has its own.

    Parameters
    ----------
    numbers, labels : arrays of n
        Labels are 0 or 1.
    least : int
        The smallest group.

    Returns
    -------
    chance, agreement, unit, label
        The chance of the multiples' labels by the rule, and the share of the label that it expects of them.
    """
    tested = [
        (*_test_unit(found, numbers, labels, label), found.unit, label)
        for found in list_multiples(numbers)
        for label in (1.0, 0.0)
        if found.is_of(labels == label, least)
    ]
    return min(tested, default=None)


def _test_unit(found: Multiples, numbers: Floats, labels: Floats, label: float) -> tuple[float, float]:
    others, agreeing = ~found.rows, labels == label
    if len(np.unique(labels[others])) < 2:
        return 1.0, 1.0
    expected = expect_values(numbers[others], labels[others], numbers[found.rows])
    disagreeing = int(np.count_nonzero(found.rows & ~agreeing))
    chance = expected.find_chance(label, disagreeing, PREDICTIVE_ODDS, found.count_alien(agreeing))
    return chance, expected.share(label)
