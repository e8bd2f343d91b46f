"""Repeated customers: which columns tell that two applications are of one customer, where the contract names none?

Two applications of one customer repeat what belongs to the customer: the same income to the unit, and with it the same
age and home. Two applications that agree in a rounded income by chance do not agree in anything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.contract.columns import Role
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers, Mask, sample_rows

MOST_ROWS = 100_000
# A column can tell customers apart where two rows drawn at random seldom agree.
_FINE = 0.02
_BANDS = 10
# Fewer pairs, or less certainty, show nothing; where so few rows are repeated, they hardly matter.
_LEAST_PAIRS = 30
_LEAST_Z = 6.0
_LEAST_EXCESS = 0.2
_LEAST_REPEATED = 0.02
# What neighbours mostly share already shows nothing: it may follow from the column that they are neighbours in.
_MOST_SHARED = 0.7
# Where nearly all rows that are equal in a column are of one customer, a single other column is witness enough.
_NEARLY_ALL = 0.9


@dataclass(frozen=True, eq=False)
class _Values:
    """One column: numbers or category numbers, -1 where missing; and in bands, for comparisons with neighbours."""

    name: str
    exact: Integers
    bands: Integers
    is_fine: bool
    numbers: Floats | None


@dataclass(frozen=True)
class _Excess:
    """By how much more pairs that are equal in one column agree in this one, than neighbours do."""

    name: str
    is_fine: bool
    share: float
    missing: float


def find_repeated_customers(contract: Contract, applications: pd.DataFrame, seed: int = 0) -> tuple[str, ...]:
    """The columns that together name a customer; empty where the contract names it, or none comes back.

    Rows that are equal in a fine number are compared with their nearest neighbours in that number: where these agree in
    other columns far less, equal rows are of one customer. What follows from the number itself (a band of it, a rate
    that depends on it) neighbours share as well.
    """
    if contract.customer is not None or len(applications) < 2 * _LEAST_PAIRS:
        return ()
    rows = applications.iloc[sample_rows(len(applications), MOST_ROWS, seed)]
    columns = [
        _read(rows[column.name], dict(column.special))
        for column in contract.columns
        if column.role in (Role.FEATURE, Role.PROTECTED) and column.name in rows
    ]
    best: tuple[float, tuple[str, ...]] = (0.0, ())
    for column in columns:
        if column.is_fine and column.numbers is not None:
            best = max(best, _try_column(column, columns), key=lambda tried: tried[0])
    names = best[1]
    if not names:
        return ()
    known = rows[list(names)].dropna()
    return names if known.duplicated(keep=False).sum() >= _LEAST_REPEATED * len(rows) else ()


def _read(values: pd.Series, special: dict[float, str]) -> _Values:
    if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype == object:
        codes: Integers = np.asarray(values.astype("category").cat.codes, dtype=np.int64)
        return _Values(str(values.name), codes, codes, _is_fine(codes), None)
    numbers = values.to_numpy(np.float64)
    is_known = np.isfinite(numbers) & ~np.isin(numbers, list(special))
    exact, bands = np.full(len(numbers), -1, np.int64), np.full(len(numbers), -1, np.int64)
    if is_known.any():
        exact[is_known] = np.unique(numbers[is_known], return_inverse=True)[1]
        cuts = np.unique(np.quantile(numbers[is_known], np.arange(1, _BANDS) / _BANDS))
        bands[is_known] = np.searchsorted(cuts, numbers[is_known], side="right")
    return _Values(str(values.name), exact, bands, _is_fine(exact), numbers)


def _is_fine(codes: Integers) -> bool:
    counts = np.bincount(codes[codes >= 0]) if (codes >= 0).any() else np.zeros(1)
    return bool(counts.sum() >= 2 * _LEAST_PAIRS and np.sum((counts / counts.sum()) ** 2) < _FINE)


def _try_column(column: _Values, columns: list[_Values]) -> tuple[float, tuple[str, ...]]:
    """How many pairs of one customer a column shows, and the columns that name the customer together."""
    known = np.flatnonzero(column.exact >= 0)
    order = known[np.argsort(column.exact[known], kind="stable")]
    first, second = order[:-1], order[1:]
    is_equal = column.exact[first] == column.exact[second]
    if is_equal.sum() < _LEAST_PAIRS or (~is_equal).sum() < _LEAST_PAIRS:
        return 0.0, ()
    found = [_measure_excess(other, first, second, is_equal) for other in columns if other is not column]
    excess = [one for one in found if one is not None]
    if not any(one.is_fine for one in excess) and len(excess) < 2:
        return 0.0, ()
    most = max(one.share for one in excess)
    witnesses = sorted(
        (one for one in excess if one.share >= 0.9 * most), key=lambda one: (one.missing, not one.is_fine)
    )
    # As few as needed: a row that lacks a value of any of them cannot be told.
    count = 1 if most >= _NEARLY_ALL else len(witnesses)
    return most * float(is_equal.sum()), (column.name, *(one.name for one in witnesses[:count]))


def _measure_excess(other: _Values, first: Integers, second: Integers, is_equal: Mask) -> _Excess | None:
    """None where equal rows agree no more than neighbours do, or where neighbours agree nearly as much."""
    is_known = (other.exact[first] >= 0) & (other.exact[second] >= 0)
    equal, near = is_known & is_equal, is_known & ~is_equal
    if min(equal.sum(), near.sum()) < _LEAST_PAIRS:
        return None
    share = float(np.mean(other.exact[first[equal]] == other.exact[second[equal]]))
    banded = float(np.mean(other.bands[first[near]] == other.bands[second[near]]))
    usual = banded if other.numbers is None else float(np.mean(other.exact[first[near]] == other.exact[second[near]]))
    error = np.sqrt(max(usual * (1 - usual), 1 / near.sum()) * (1 / equal.sum() + 1 / near.sum()))
    excess = (share - usual) / max(1 - usual, 1e-9)
    if banded > _MOST_SHARED or excess < _LEAST_EXCESS or share - usual < _LEAST_Z * error:
        return None
    return _Excess(other.name, other.is_fine, excess, float(np.mean(other.exact < 0)))
