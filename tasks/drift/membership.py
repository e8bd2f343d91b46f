"""Membership: whose rows a classifier sees, and of which days, and how much less they say for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tasks.core.arrays import Floats, Integers
from tasks.profile.profile import choose_half
from tasks.statistics.clusters import find_clusters, join_groups
from tasks.statistics.day_likeness import NO_LIKENESS, measure_spread, number_days, pair_days

if TYPE_CHECKING:
    from tasks.drift.comparison import Comparison


@dataclass(frozen=True, eq=False)
class Membership:
    """Whose the rows of both windows are, and of which days, the reference's first.

    Parameters
    ----------
    groups : array of n, or None
        A number for each customer; no customer is in both windows. None where no customer comes back.
    halves : array of n, or None
        Which of two random halves of all customers, or of all days (weeks) where these differ, the row is in: 0 or 1.
    days : array of n, or None
        The number of each row's day, of which the remainder by 7 is its weekday.
    weekdays : array of 7
        The reference's shares of the weekdays.
    has_weeks
        Whether the reference's rows of one week are alike in something.
    """

    groups: Integers | None = None
    halves: Integers | None = None
    days: Integers | None = None
    weekdays: Floats | None = None
    has_weeks: bool = False

    def take(self, rows: Integers) -> Membership:
        """That of some rows."""
        groups, halves, days = (None if held is None else held[rows] for held in (self.groups, self.halves, self.days))
        return Membership(groups, halves, days, self.weekdays, self.has_weeks)


def stand_alone(_reference: Integers, _window: Integers) -> Membership:
    """Every row stands alone."""
    return Membership()


def find_membership(comparison: Comparison, reference: Integers, window: Integers) -> Membership:
    """Whose some rows of the reference's sample and of the window are, and of which days; by the rows' places."""
    profile, keys = comparison.profile, comparison.keys
    membership = _find_days(comparison, reference, window)
    if profile.halves is None or keys is None:
        return membership
    held = keys[window]
    groups = join_groups(profile.groups, reference, held, np.arange(len(held)))
    return replace(membership, groups=groups, halves=np.concatenate([profile.halves[reference], choose_half(held)]))


def _find_days(comparison: Comparison, reference: Integers, window: Integers) -> Membership:
    """The days of the rows. Where days differ they part the rows: what one half learnt of a day is not in the other."""
    effects, days = comparison.profile.day_effects, comparison.observed.days
    if effects is None or days is None:
        return Membership()
    before, now = effects.numbers[reference], number_days(days[window])
    held = number_days(np.unique(days))
    halves = None
    if effects.has_columns and len(held) > 1:
        first, unit = int(held[0]), 1
        if effects.has_weeks:  # as few borders as can be: what belongs together lies on both sides of one
            unit = -(-(int(held[-1]) - first + 1) // 2)
        earlier = _alternate(before // unit, effects.numbers // unit)
        halves = np.concatenate([earlier, _alternate((now - first) // unit, (held - first) // unit)])
    return Membership(None, halves, np.concatenate([before, now]), np.array(effects.weekdays), effects.has_weeks)


def _alternate(days: Integers, all_days: Integers) -> Integers:
    """0 for every second day (or week) that has rows, and 1 for the others."""
    return np.searchsorted(np.unique(all_days), days).astype(np.int64) % 2


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
    days
        What differing days add to the variance, as a share of it.
    """

    rows: int
    pairs: int
    variance: float
    together: float
    days: float = 0.0


def measure_sides(influence: Floats, is_current: Floats, membership: Membership) -> list[Side]:
    """Both windows' parts, from what each row adds to the error of the area, and from the rows' customers and days.

    How alike the rows of a day are is measured on the reference: a window has few days.
    """
    likeness = NO_LIKENESS
    sides: list[Side] = []
    for window in (0, 1):
        rows = is_current == window
        held = membership.take(np.flatnonzero(rows))
        added, days = influence[rows], 0.0
        if held.days is not None and held.weekdays is not None:
            pairs = pair_days(held.days, held.groups, has_weeks=held.has_weeks) if window == 0 else None
            likeness = likeness if pairs is None else pairs.measure_numbers(added)
            days = len(added) * likeness.share_variance(measure_spread(held.days, held.weekdays))
            if likeness.week and sides:  # as in `WindowDays`
                days = max(days, sides[0].days)
        sides.append(_measure_side(added, held.groups, days))
    return sides


def _measure_side(influence: Floats, groups: Integers | None, days: float) -> Side:
    clusters, variance = find_clusters(groups), float(influence @ influence)
    together = float(clusters.cross(influence)[0, 0]) * len(influence) / max(variance, 1e-300)
    return Side(len(influence), clusters.pairs, variance, together, days)


def find_design_effect(sides: Sequence[Side]) -> float:
    """How much larger the variance of the area is for rows of customers who come back, and of days; at least 1.

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
    alike = max(sum(side.together for side in sides) / max(pairs, 1), 0.0)
    variance = sum(side.variance for side in sides)
    if not variance:
        return 1.0
    return sum(side.variance * (1 + alike * side.pairs / side.rows + side.days) for side in sides) / variance
