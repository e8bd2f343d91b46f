"""Coded columns: values as whole numbers, to find rows that are equal in a column, or nearly so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tasks.core.arrays import Codes, Floats

# A column can tell customers apart where two rows drawn at random seldom agree.
FINE = 0.02
_BANDS = 10
# Fewer pairs, or less certainty, show nothing; where so few rows are repeated, they hardly matter.
LEAST_PAIRS = 30


@dataclass(frozen=True, eq=False)
class Values:
    """One column: numbers or category numbers, -1 where missing; and in bands, for comparisons with neighbours.

    Parameters
    ----------
    collision
        How often two rows that have a value have the same one.
    """

    name: str
    exact: Codes
    bands: Codes
    collision: float
    is_number: bool

    @cached_property
    def band_collision(self) -> float:
        """The same for its bands."""
        return _measure_collision(self.bands)

    @cached_property
    def missing(self) -> float:
        """The share of the rows without a value."""
        return float(np.mean(self.exact < 0))

    @property
    def is_fine(self) -> bool:
        """Whether the column alone can tell customers apart."""
        return self.collision < FINE


def read_values(values: pd.Series, special: Sequence[float]) -> Values:
    """A column's values as numbers from 0; special values of a number count as missing."""
    name = str(values.name)
    if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype == object:
        codes: Codes = np.asarray(values.astype("category").cat.codes, dtype=np.int32)
        return Values(name, codes, codes, _measure_collision(codes), False)
    numbers: Floats = values.to_numpy(np.float64)
    is_known = np.isfinite(numbers) & ~np.isin(numbers, list(special))
    exact, bands = np.full(len(numbers), -1, np.int32), np.full(len(numbers), -1, np.int32)
    if is_known.any():
        exact[is_known] = np.unique(numbers[is_known], return_inverse=True)[1]
        cuts = np.unique(np.quantile(numbers[is_known], np.arange(1, _BANDS) / _BANDS))
        bands[is_known] = np.searchsorted(cuts, numbers[is_known], side="right")
    return Values(name, exact, bands, _measure_collision(exact), True)


def _measure_collision(codes: Codes) -> float:
    counts = np.bincount(codes[codes >= 0], minlength=1)
    return float(np.sum((counts / counts.sum()) ** 2)) if counts.sum() >= 2 * LEAST_PAIRS else 1.0
