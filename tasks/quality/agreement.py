"""Agreement: what do two rows share, beyond chance, that are equal in one number, or in two columns?

Rows that are equal are compared with their neighbours, which are nearly so. What follows from a column (a band of it, a
rate that depends on it) neighbours share as well; what belongs to a customer they do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats, Integers

# A column can tell customers apart where two rows drawn at random seldom agree.
_FINE = 0.02
# Two columns are tried together where each alone leaves chance ties: equal in one, rows mostly differ in the other.
_FINEST, _COARSE = 0.002, 0.5
_BANDS = 10
# A value that more rows hold is no customer's: a round amount, or a number that stands for something else.
MOST_APPLICATIONS = 30
# Fewer pairs, or less certainty, show nothing; where so few rows are repeated, they hardly matter.
LEAST_PAIRS = 30
_MOST_PAIRS = 5_000  # more of them show nothing more
_LEAST_Z = 6.0
_LEAST_EXCESS = 0.3
# What neighbours share already shows nothing: it may follow from the column that they are neighbours in.
_MOST_RELATED = 0.15


@dataclass(frozen=True, eq=False)
class Values:
    """One column: numbers or category numbers, -1 where missing; and in bands, for comparisons with neighbours.

    Parameters
    ----------
    collision
        How often two rows that have a value have the same one.
    """

    name: str
    exact: Integers
    bands: Integers
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
        return self.collision < _FINE


@dataclass(frozen=True)
class Excess:
    """By how much more equal rows agree in a column than neighbours do.

    Parameters
    ----------
    share
        1 where all equal rows agree, 0 where no more than neighbours.
    related
        By how much more neighbours are in the same tenth of it than any two rows are: 0 for unrelated columns.
    missing
        The share of the rows without a value.
    """

    name: str
    is_fine: bool
    share: float
    related: float
    missing: float

    @property
    def is_related(self) -> bool:
        """Whether it may follow from the columns in which the rows are equal."""
        return self.related > _MOST_RELATED


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of rows that are equal in some columns, and pairs that are nearly so, by kind."""

    equal: tuple[Integers, Integers]
    near: tuple[tuple[Integers, Integers], ...]


@dataclass(frozen=True, eq=False)
class Tie:
    """What rows that are equal in `names` share: so many pairs of them, and the columns that agree in excess.

    `related`: whether further columns do that are related to `names`, so that one may follow from the others.
    """

    names: tuple[str, ...]
    pairs: int
    excess: dict[str, Excess]
    related: bool


def read_values(values: pd.Series, special: Sequence[float]) -> Values:
    """A column's values as numbers from 0; special values of a number count as missing."""
    name = str(values.name)
    if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype == object:
        codes: Integers = np.asarray(values.astype("category").cat.codes, dtype=np.int64)
        return Values(name, codes, codes, _measure_collision(codes), False)
    numbers: Floats = values.to_numpy(np.float64)
    is_known = np.isfinite(numbers) & ~np.isin(numbers, list(special))
    exact, bands = np.full(len(numbers), -1, np.int64), np.full(len(numbers), -1, np.int64)
    if is_known.any():
        exact[is_known] = np.unique(numbers[is_known], return_inverse=True)[1]
        cuts = np.unique(np.quantile(numbers[is_known], np.arange(1, _BANDS) / _BANDS))
        bands[is_known] = np.searchsorted(cuts, numbers[is_known], side="right")
    return Values(name, exact, bands, _measure_collision(exact), True)


def _measure_collision(codes: Integers) -> float:
    counts = np.bincount(codes[codes >= 0], minlength=1)
    return float(np.sum((counts / counts.sum()) ** 2)) if counts.sum() >= 2 * LEAST_PAIRS else 1.0


def find_ties(columns: Sequence[Values], most_columns: int) -> list[Tie]:
    """What is shared by rows that are equal in a fine number, or in two columns that are fine together.

    Parameters
    ----------
    columns : sequence of Values
    most_columns : int
        So many of the finest others are tried in twos.

    Returns
    -------
    list of Tie
        Those with enough pairs, in which a fine column or two others agree in excess.
    """
    numbers = [column for column in columns if column.is_number and column.is_fine]
    coarse = (column for column in columns if _FINEST < column.collision < _COARSE)
    others = sorted(coarse, key=lambda column: column.collision)[:most_columns]
    found = [_describe((column.name,), _pair_neighbours(column), columns) for column in numbers]
    for place, first in enumerate(others):
        for second in others[place + 1 :]:
            if first.collision * second.collision < _FINE:
                names = (first.name, second.name)
                found.append(_describe(names, _pair_equals(first, second), columns))
    return [tie for tie in found if tie is not None]


def find_agreeing(column: Values, columns: Sequence[Values]) -> list[Excess]:
    """The other columns in which rows that are equal in a number agree more than its neighbours do."""
    pairs = _thin(_pair_neighbours(column))
    found = [_measure_excess(other, pairs) for other in columns if other.name != column.name]
    return [one for one in found if one is not None]


def _pair_neighbours(column: Values) -> Pairs:
    """Rows beside one another in the order of a number: equal ones, unless of a frequent value, and neighbours."""
    known = np.flatnonzero(column.exact >= 0)
    order = known[np.argsort(column.exact[known], kind="stable")]
    first, second = order[:-1], order[1:]
    is_equal = column.exact[first] == column.exact[second]
    near = first[~is_equal], second[~is_equal]
    is_equal &= np.bincount(column.exact[known])[column.exact[first]] <= MOST_APPLICATIONS
    return Pairs((first[is_equal], second[is_equal]), (near,))


def _pair_equals(one: Values, other: Values) -> Pairs:
    """Rows equal in two columns; nearly so are those that are equal in one of them only."""
    known = np.flatnonzero((one.exact >= 0) & (other.exact >= 0))
    near, equal = [], (known[:0], known[:0])
    for kept, left in ((one, other), (other, one)):
        order = known[np.lexsort((left.exact[known], kept.exact[known]))]
        first, second = order[:-1], order[1:]
        is_kept = kept.exact[first] == kept.exact[second]
        is_equal = is_kept & (left.exact[first] == left.exact[second])
        equal = first[is_equal], second[is_equal]
        near.append((first[is_kept & ~is_equal], second[is_kept & ~is_equal]))
    return Pairs(equal, tuple(near))


def _thin(pairs: Pairs) -> Pairs:
    """At most so many pairs of each kind, evenly over all."""

    def choose(both: tuple[Integers, Integers]) -> tuple[Integers, Integers]:
        step = max(len(both[0]) // _MOST_PAIRS, 1)
        return both[0][::step], both[1][::step]

    return Pairs(choose(pairs.equal), tuple(choose(near) for near in pairs.near))


def _describe(names: tuple[str, ...], pairs: Pairs, columns: Sequence[Values]) -> Tie | None:
    if len(pairs.equal[0]) < LEAST_PAIRS:
        return None
    thinned = _thin(pairs)
    found = [_measure_excess(column, thinned) for column in columns if column.name not in names]
    agreeing = [one for one in found if one is not None]
    excess = {one.name: one for one in agreeing if not one.is_related}
    if not excess or (len(agreeing) == 1 and not agreeing[0].is_fine):
        return None
    return Tie(names, len(pairs.equal[0]), excess, len(excess) < len(agreeing))


def _measure_excess(column: Values, pairs: Pairs) -> Excess | None:
    """None where equal rows agree no more than near ones do."""
    share, rows = _agree(column.exact, pairs.equal)
    # The excess is at most the share: most columns are done with here, before any near pair is looked at.
    if rows < LEAST_PAIRS or share < _LEAST_EXCESS:
        return None
    worst: Excess | None = None
    related = 0.0
    for near in pairs.near:
        usual, near_rows = _agree(column.exact, near)
        if near_rows < LEAST_PAIRS:
            continue
        error = np.sqrt(max(usual * (1 - usual), 1 / near_rows) * (1 / rows + 1 / near_rows))
        excess = (share - usual) / max(1 - usual, 1e-9)
        if excess < _LEAST_EXCESS or share - usual < _LEAST_Z * error:
            return None
        if worst is None or excess < worst.share:
            banded = _agree(column.bands, near)[0]
            related = max((banded - column.band_collision) / max(1 - column.band_collision, 1e-9), related)
            worst = Excess(column.name, column.is_fine, excess, related, column.missing)
    return worst


def _agree(codes: Integers, pairs: tuple[Integers, Integers]) -> tuple[float, int]:
    """The share of the pairs with two values that agree, and how many those pairs are."""
    first, second = codes[pairs[0]], codes[pairs[1]]
    rows = int(np.count_nonzero((first | second) >= 0))  # a missing one is -1: all its bits are set
    agreeing = int(np.count_nonzero((first == second) & (first >= 0)))
    return (agreeing / rows if rows else 0.0), rows
