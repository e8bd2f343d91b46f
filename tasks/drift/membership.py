"""Membership: whose rows a classifier sees, and how much less they say where customers come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.core.arrays import Floats, Integers
from tasks.profile.profile import choose_half
from tasks.statistics.clusters import find_clusters, join_groups

if TYPE_CHECKING:
    from tasks.drift.comparison import Comparison


@dataclass(frozen=True, eq=False)
class Membership:
    """Whose the rows of both windows are, the reference's first.

    Parameters
    ----------
    groups : array of n
        A number for each customer; no customer is in both windows.
    halves : array of n
        Which of two random halves of all customers the customer is in: 0 or 1.
    """

    groups: Integers
    halves: Integers

    def take(self, rows: Integers) -> Membership:
        """That of some rows."""
        return Membership(self.groups[rows], self.halves[rows])


def find_membership(comparison: Comparison) -> Membership | None:
    """Whose the rows of the reference's sample and of the window are; None where no customer comes back."""
    profile, keys = comparison.profile, comparison.keys
    if profile.halves is None or keys is None:
        return None
    groups = join_groups(profile.groups, np.arange(len(profile.groups)), keys, np.arange(len(keys)))
    return Membership(groups, np.concatenate([profile.halves, choose_half(keys)]))


@dataclass(frozen=True)
class Side:
    """One window's part of the variance of an area.

    Parameters
    ----------
    rows, pairs
        Its rows, and the ordered pairs of two rows of one customer.
    variance
        What its rows add to the variance, were they independent.
    together
        The sum of the standardised products of the influences over the pairs.
    """

    rows: int
    pairs: int
    variance: float
    together: float


def measure_side(influence: Floats, groups: Integers) -> Side:
    """A window's part, from what each row adds to the error of the area, and from the rows' customers."""
    clusters, variance = find_clusters(groups), float(influence @ influence)
    together = float(clusters.cross(influence)[0, 0]) * len(influence) / max(variance, 1e-300)
    return Side(len(influence), clusters.pairs, variance, together)


def find_design_effect(sides: Sequence[Side]) -> float:
    """How much larger the variance of the area is for rows of customers who come back; at least 1.

    Parameters
    ----------
    sides : sequence of Side
        Both windows in both halves. How alike a customer's rows are is measured on all of their pairs: a small window
        alone knows it badly.

    Returns
    -------
    float

    References
    ----------
    Obuchowski, Biometrics 53 (1997), here with one intraclass correlation.

    Examples
    --------
    >>> alone, doubled = Side(100, 0, 1.0, 0.0), Side(100, 100, 1.0, 100.0)  # 50 customers with two equal rows each
    >>> find_design_effect([alone]), find_design_effect([doubled]), find_design_effect([alone, doubled])
    (1.0, 2.0, 1.5)
    """
    pairs = sum(side.pairs for side in sides)
    if not pairs:
        return 1.0
    alike = max(sum(side.together for side in sides) / pairs, 0.0)
    variance = sum(side.variance for side in sides)
    return sum(side.variance * (1 + alike * side.pairs / side.rows) for side in sides) / max(variance, 1e-300)
