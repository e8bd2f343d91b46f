"""Signs of a leak: what marks its rows, how well they agree, and where the numbers of a column end to be alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from tasks.core.arrays import Floats, Mask

# A number that this share of the rows has says nothing of how far the others lie apart; nor do so few others.
_MANY = 0.10
_FEW = 20


@dataclass(frozen=True)
class Sign:
    """A property of a row: a column is missing, equals a value, or lies at or beyond a limit."""

    column: str
    kind: Literal["missing", "value", "at_least", "at_most"]
    value: float | str = ""

    def find(self, applications: pd.DataFrame) -> Mask:
        """Which rows have the sign."""
        values = applications[self.column]
        if self.kind == "missing":
            return np.asarray(values.isna())
        if self.kind == "value":
            return np.asarray(values == self.value, dtype=bool)
        numbers = values.to_numpy(float)
        return np.asarray(numbers >= self.value if self.kind == "at_least" else numbers <= self.value)


@dataclass(frozen=True)
class Leak:
    """A sign whose rows nearly all have one label.

    `columns` are all columns with a sign of (nearly) the same rows. `rows` and `share` count labelled rows.
    `agreement` is the label's share among them, `others` among the other rows, or those next to a range's limit.
    `p_value` is corrected for all signs tried.
    """

    sign: Sign
    columns: tuple[str, ...]
    is_positive: bool
    rows: int
    share: float
    agreement: float
    others: float
    p_value: float


def find_midst(numbers: Floats) -> tuple[float, float]:
    """The lowest and the highest number that no wide gap parts from the median.

    A gap is wide if it exceeds twice the distance of the quartiles, or where these are equal, that of the 5 % and the
    95 % quantile: numbers in another unit, or that stand for something else, lie so far away; no merely rare ones do.
    Where many rows have the same number, such as 0, the quartiles of the other rows count if they lie further apart.
    """
    if not len(numbers):
        return -np.inf, np.inf
    low, first, median, third, high = np.quantile(numbers, (0.05, 0.25, 0.5, 0.75, 0.95))
    held, rows = np.unique(numbers, return_counts=True)
    others = np.repeat(held, np.where(rows < _MANY * len(numbers), rows, 0))
    spread = max(third - first, scipy.stats.iqr(others) if len(others) >= _FEW else 0.0)
    with np.errstate(over="ignore"):
        wide = 2 * spread or high - low
    gaps = np.flatnonzero(np.diff(held) > wide)
    below, above = gaps[held[gaps] < median], gaps[held[gaps] >= median]
    return float(held[below[-1] + 1] if len(below) else held[0]), float(held[above[0]] if len(above) else held[-1])


def compare_agreement(agreeing: int, rows: int, others_agreeing: int, others: int) -> float:
    """The probability of at least this agreement if the rows were like the others (Fisher's exact test)."""
    return float(scipy.stats.hypergeom.sf(agreeing - 1, rows + others, agreeing + others_agreeing, rows))
