"""Signs of a leak: what marks its rows, how well they agree, and what chance makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from tasks.core.arrays import Floats, Mask

# A group whose odds are this many times those of the others is no leak yet: it may be merely predictive.
PREDICTIVE_ODDS = 3.0


@dataclass(frozen=True)
class Sign:
    """A property of a row: a column is missing, equals a value, lies at or beyond a limit, or is a multiple of a unit
    (and not 0). Numbers in `besides`, which stand for something else, lie beyond no limit and are no multiples.
    """

    column: str
    kind: Literal["missing", "value", "at_least", "at_most", "multiple"]
    value: float | str = ""
    besides: tuple[float, ...] = ()

    def find(self, applications: pd.DataFrame) -> Mask:
        """Which rows have the sign."""
        values = applications[self.column]
        if self.kind == "missing":
            return np.asarray(values.isna())
        if self.kind == "value":
            return np.asarray(values == self.value, dtype=bool)
        numbers = values.to_numpy(float)
        if self.kind == "multiple":
            found = find_multiples(numbers, float(self.value))
        else:
            found = np.asarray(numbers >= self.value if self.kind == "at_least" else numbers <= self.value)
        return np.asarray(found & ~np.isin(numbers, self.besides))


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


def compare_agreement(agreeing: int, rows: int, others_agreeing: int, others: int) -> float:
    """The probability of at least this agreement if the rows had at most `PREDICTIVE_ODDS` times the others' odds.

    Fisher's exact test, of others who agree as often as those odds would make them: what is merely predictive, a rare
    word or a flag, may have a few rows that agree by chance, and is no leak.
    """
    share = PREDICTIVE_ODDS * others_agreeing / (others + (PREDICTIVE_ODDS - 1) * others_agreeing)
    expected = round(others * share)
    return float(scipy.stats.hypergeom.sf(agreeing - 1, rows + others, agreeing + expected, rows))
