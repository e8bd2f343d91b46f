"""Agreement: what do two rows share, beyond chance, that are equal in one number, or in two columns?

Rows that are equal are compared with their neighbours, which are nearly so. What follows from a column (a band of it, a
rate that depends on it) neighbours share as well; what belongs to a customer they do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Codes, Integers
from tasks.quality.coded_columns import FINE, LEAST_PAIRS, Values

# Two columns are tried together where each alone leaves chance ties: equal in one, rows mostly differ in the other.
_FINEST, _COARSE = 0.002, 0.5
# A value that more rows hold is no customer's: a round amount, or a number that stands for something else.
MOST_APPLICATIONS = 30
_MOST_PAIRS = 5_000  # more of them show nothing more
_LEAST_Z = 6.0
_LEAST_EXCESS = 0.3
# What neighbours share already shows nothing: it may follow from the column that they are neighbours in.
_MOST_RELATED = 0.15


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


@dataclass(frozen=True, eq=False)
class Agreeing:
    """So many pairs of rows that are equal in some columns, and the other columns in which they agree in excess."""

    pairs: int
    excess: tuple[Excess, ...]


class Agreements:
    """Asks about the agreement of all columns, of a wide table in a time that allows for hundreds of numbers."""

    def __init__(self, columns: Sequence[Values]) -> None:
        self.columns = columns
        self._numbers: dict[str, Agreeing] = {}
        # Row by row: the values of two rows in all columns lie side by side.
        self._exact = np.stack([column.exact for column in columns], axis=1) if columns else np.zeros((0, 0), np.int32)

    def of_number(self, column: Values) -> Agreeing:
        """The columns in which rows that are equal in a number agree more than its neighbours do."""
        if column.name not in self._numbers:
            self._numbers[column.name] = self.of_pairs((column.name,), _pair_neighbours(column))
        return self._numbers[column.name]

    def of_pairs(self, names: tuple[str, ...], pairs: Pairs) -> Agreeing:
        """The columns besides `names` in which equal rows agree more than near ones do."""
        if len(pairs.equal[0]) < LEAST_PAIRS:
            return Agreeing(len(pairs.equal[0]), ())
        thinned = _thin(pairs)
        likely = (self.columns[place] for place in self._find_likely(thinned))
        found = [_measure_excess(column, thinned) for column in likely if column.name not in names]
        return Agreeing(len(pairs.equal[0]), tuple(one for one in found if one is not None))

    def _find_likely(self, pairs: Pairs) -> list[int]:
        """The places of the columns in which enough equal rows agree: the excess is at most their share."""
        first, second = (self._exact[rows] for rows in pairs.equal)
        rows = np.count_nonzero((first | second) >= 0, axis=0)  # a missing one is -1: all its bits are set
        agreeing = np.count_nonzero((first == second) & (first >= 0), axis=0)
        is_likely = (rows >= LEAST_PAIRS) & (agreeing / np.maximum(rows, 1) >= _LEAST_EXCESS)
        return [int(place) for place in np.flatnonzero(is_likely)]


def find_ties(agreements: Agreements, most_columns: int) -> list[Tie]:
    """What is shared by rows that are equal in a fine number, or in two columns that are fine together.

    Parameters
    ----------
    agreements : Agreements
    most_columns : int
        So many of the finest others are tried in twos.

    Returns
    -------
    list of Tie
        Those with enough pairs, in which a fine column or two others agree in excess.
    """
    columns = agreements.columns
    numbers = [column for column in columns if column.is_number and column.is_fine]
    coarse = (column for column in columns if _FINEST < column.collision < _COARSE)
    others = sorted(coarse, key=lambda column: column.collision)[:most_columns]
    found = [_describe((column.name,), agreements.of_number(column)) for column in numbers]
    for place, first in enumerate(others):
        for second in others[place + 1 :]:
            if first.collision * second.collision < FINE:
                names = (first.name, second.name)
                found.append(_describe(names, agreements.of_pairs(names, _pair_equals(first, second))))
    return [tie for tie in found if tie is not None]


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


def _describe(names: tuple[str, ...], found: Agreeing) -> Tie | None:
    excess = {one.name: one for one in found.excess if not one.is_related}
    if not excess or (len(found.excess) == 1 and not found.excess[0].is_fine):
        return None
    return Tie(names, found.pairs, excess, len(excess) < len(found.excess))


def _measure_excess(column: Values, pairs: Pairs) -> Excess | None:
    """None where equal rows agree no more than near ones do."""
    share, rows = _agree(column.exact, pairs.equal)
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


def _agree(codes: Codes, pairs: tuple[Integers, Integers]) -> tuple[float, int]:
    """The share of the pairs with two values that agree, and how many those pairs are."""
    first, second = codes[pairs[0]], codes[pairs[1]]
    rows = int(np.count_nonzero((first | second) >= 0))  # a missing one is -1: all its bits are set
    agreeing = int(np.count_nonzero((first == second) & (first >= 0)))
    return (agreeing / rows if rows else 0.0), rows
