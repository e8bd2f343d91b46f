"""The columns of a regression of the outcome: a curve of the score, and the levels of every column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Codes, Counts, Floats, Integers, Mask
from tasks.profile.bins import Bins
from tasks.statistics.regression import logit

# A group of levels with fewer reference rows has no coefficient of its own: it would be noise.
FEWEST_ROWS = 30


@dataclass(frozen=True, eq=False)
class OutcomeDesign:
    """Which groups of levels have a column.

    Parameters
    ----------
    groups : tuple of arrays by code
        The group of each code, column by column.
    kept : tuple of (column, group)
        The groups with a coefficient. The largest one of a column has none, and neither have those that are too small
        or hold the same rows as another.
    rare : tuple of (column, group)
        Those that are too small in the reference.
    """

    groups: tuple[Integers, ...]
    kept: tuple[tuple[int, int], ...]
    rare: tuple[tuple[int, int], ...]

    def fill(self, codes: Codes, scores: Floats) -> Floats:
        """The matrix of some rows: a constant, three powers of the score's log odds, and 0 or 1 for each group."""
        odds = logit(scores)
        curve = [np.ones_like(odds), odds, odds**2 / 4, odds**3 / 27]
        return np.column_stack([*curve, *(self._is_in(codes, *held) for held in self.kept)])

    def is_unlike(self, codes: Codes) -> Mask:
        """Which rows have a level of which the reference holds too few rows to tell how they turn out."""
        found = np.zeros(len(codes), dtype=np.bool_)
        for held in self.rare:
            found |= self._is_in(codes, *held)
        return found

    def _is_in(self, codes: Codes, column: int, group: int) -> Mask:
        return np.asarray(self.groups[column][codes[:, column]] == group, dtype=np.bool_)


def design_outcome(columns: tuple[Bins, ...], counts: tuple[Counts, ...], codes: Codes) -> OutcomeDesign:
    """Choose the groups of levels.

    Parameters
    ----------
    columns : tuple of Bins
        The reference's levels.
    counts : tuple of arrays by code
        The reference's rows, by which levels are gathered: at most six groups for a column.
    codes : array of n by columns
        The reference's rows that the regression is fitted to.
    """
    groups = tuple(bins.group_codes(held) for bins, held in zip(columns, counts, strict=True))
    kept: dict[bytes, tuple[int, int]] = {}
    rare: list[tuple[int, int]] = []
    for column, group in enumerate(groups):
        placed = group[codes[:, column]]
        sizes = np.bincount(placed, minlength=int(group.max()) + 1)
        rare += [(column, number) for number in range(len(sizes)) if sizes[number] < FEWEST_ROWS]
        for number in np.flatnonzero(sizes >= FEWEST_ROWS):
            if number != int(np.argmax(sizes)):
                kept.setdefault(np.packbits(placed == number).tobytes(), (column, int(number)))
    return OutcomeDesign(groups, tuple(kept.values()), tuple(rare))
