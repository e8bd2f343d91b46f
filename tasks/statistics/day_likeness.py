"""Days that differ by more than chance: how alike the rows of one day are, and what that adds to a window's variance.

A window of two days holds two draws of whatever a day brings, however many rows it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tasks.core.arrays import Codes, Counts, Days, Floats, Integers, Keys
from tasks.statistics.clusters import ALONE, Clusters, find_clusters, find_common_clusters
from tasks.statistics.likeness import choose_indicators

WEEK = 7
# What days have in common with those around them is no effect of days: it moves slowly, and is drift.
_BLOCK = 4 * WEEK
# Of fewer days nothing is said: chance would look like an effect of days, and an effect like chance.
LEAST_DAYS = 14
# A likeness counts from so many standard errors of what chance shows; of weekdays from more: seven are few and skewed.
_SURE, _SURE_OF_WEEKDAY = 2.0, 3.0
# Rows of one week count from so many, as the pairs of a week are many: a small likeness already widens much. Where they
# are known to be alike in something, from the second.
_SURE_OF_WEEK, _KNOWN_WEEKS = 3.0, 1.0


@dataclass(frozen=True)
class DayLikeness:
    """How alike two rows are in one respect.

    Parameters
    ----------
    day
        Rows of one day, beyond what their weekday has in common: an intraclass correlation.
    weekday
        Rows of days that are the same weekday.
    week
        Rows of two days of one week, beyond what those of the same four weeks have in common.
    """

    day: float = 0.0
    weekday: float = 0.0
    week: float = 0.0

    def share_variance(self, spread: DaySpread) -> float:
        """What days add to the variance of a mean, as a share of one row's variance.

        References
        ----------
        Kish, Survey Sampling (1965), for days of unequal size; Searle, Casella & McCulloch, Variance Components (1992).

        Examples
        --------
        >>> DayLikeness(day=0.02, weekday=0.01).share_variance(DaySpread(day=1 / 2, weekday=0.4))
        0.014
        """
        return self.day * spread.day + self.weekday * spread.weekday + self.week * spread.week


NO_LIKENESS = DayLikeness()


@dataclass(frozen=True)
class DaySpread:
    """How few days a window's rows lie on.

    Parameters
    ----------
    day
        The chance that two rows are of one day: 1 divided by the number of equal days.
    weekday
        The sum of the squared differences of the shares of the weekdays from the reference's; 0 for whole weeks.
    week
        The chance that two rows are of two days less than a week apart.
    """

    day: float
    weekday: float
    week: float = 0.0


def number_days(days: Days) -> Integers:
    """A number for each day, of which the remainder by 7 is its weekday: 0 for a Monday.

    Examples
    --------
    >>> number_days(np.array(["2024-07-01", "2024-07-07"], dtype="datetime64[D]")) % 7
    array([0, 6])
    """
    return np.asarray(days.astype("datetime64[D]").astype(np.int64) + 3)  # day 0 was a Thursday


def count_days(days: Days) -> tuple[Integers, Integers]:
    """The numbers of the different days, in their order, and how many rows each has; of many rows in little memory.

    Examples
    --------
    >>> days, rows = count_days(np.array(["1970-01-06", "1970-01-05", "1970-01-06"], "datetime64[D]"))
    >>> days.tolist(), rows.tolist()
    ([7, 8], [1, 2])
    """
    if not len(days):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    earliest = int(days.argmin())
    rows = np.bincount((days - days[earliest]).view(np.int64))
    held = np.flatnonzero(rows)
    return number_days(days[earliest : earliest + 1]) + held, rows[held]


def shuffle_weeks(numbers: Integers, seed: int) -> Integers:
    """The numbers of days with the blocks of four weeks in a random order.

    Examples
    --------
    >>> np.sort(shuffle_weeks(np.array([700, 707, 713]), seed=1) % 7)
    array([0, 0, 6])
    """
    blocks, place = np.unique(numbers // _BLOCK, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(blocks))
    return np.asarray(order[place] * _BLOCK + numbers % _BLOCK, dtype=np.int64)


def share_weekdays(numbers: Integers) -> Floats:
    """The share of rows on each weekday, Monday first, by the numbers of their days.

    Examples
    --------
    >>> share_weekdays(np.array([7, 9]))
    array([0.5, 0. , 0.5, 0. , 0. , 0. , 0. ])
    """
    counts = np.bincount(numbers % WEEK, minlength=WEEK)
    return np.asarray(counts / max(int(counts.sum()), 1), dtype=np.float64)


def measure_spread(days: Integers, usual: Floats) -> DaySpread:
    """How few days some rows lie on, beside the usual shares of the weekdays.

    Examples
    --------
    >>> spread = measure_spread(np.arange(14), np.full(7, 1 / 7))
    >>> round(spread.day, 3), round(spread.weekday, 3)  # no two rows are of one day, and weeks are whole
    (0.0, 0.0)
    """
    return measure_counted_spread(*np.unique(days, return_counts=True), usual)


def measure_counted_spread(days: Integers, rows: Integers, usual: Floats) -> DaySpread:
    """The same from the different days, in their order, and how many rows each has.

    Examples
    --------
    >>> round(measure_counted_spread(np.array([0, 3]), np.array([1, 3]), np.full(7, 1 / 7)).day, 3)
    0.375
    """
    if not len(days):
        return DaySpread(0.0, 0.0)
    total, sizes, reached = float(rows.sum()), rows.astype(np.float64), np.append(0, np.cumsum(rows))
    together = float(np.sum(sizes * (sizes - 1))) / total**2
    after = reached[np.searchsorted(days, days + WEEK - 1, side="right")] - reached[1:]
    week = 2 * float(sizes @ after) / total**2
    weekdays = np.bincount(days % WEEK, weights=sizes, minlength=WEEK) / total
    return DaySpread(together, float(np.sum((weekdays - usual) ** 2)), week)


@dataclass(frozen=True, eq=False)
class DayPairs:
    """The pairs of a reference's rows that are of one day, of one block of four weeks, of one weekday, or of one week.

    Parameters
    ----------
    days, blocks, weekdays, weeks
        The rows of each.
    customers, weekly_customers
        The rows of one customer on one day, and in one week: what they have in common is the customer's.
    sizes : array of d
        The rows of each day.
    held : array of d
        The number of each day.
    sure_of_week
        A likeness of weeks counts from so many standard errors.
    """

    days: Clusters
    blocks: Clusters
    weekdays: Clusters
    weeks: Clusters
    customers: Clusters
    weekly_customers: Clusters
    sizes: Floats
    held: Integers
    sure_of_week: float = _SURE_OF_WEEK

    @cached_property
    def pairs(self) -> Floats:
        """The ordered pairs of rows: of one day and two customers, of two days of one block, weekday, or week."""
        return self._part(lambda clusters: float(clusters.pairs))

    def measure_levels(self, codes: Integers | Codes, counts: Counts, *, is_ordered: bool) -> DayLikeness:
        """How alike rows are in the levels of a column; rows whose code is below 0 have no value."""
        indicators = choose_indicators(counts, is_ordered=is_ordered)
        if indicators is None:
            return NO_LIKENESS
        parts = self._part(lambda clusters: clusters.count_pairs(codes, len(counts)))
        sums = np.array([indicators.sum_products(pairs) for pairs in parts])
        pairs = np.array([pairs.sum() for pairs in parts])
        return self._judge(sums, pairs, indicators.chance_spread)

    def measure_numbers(self, values: Floats) -> DayLikeness:
        """How alike rows are in a number whose mean is 0."""
        variance = float(np.mean(values**2))
        if not variance:
            return NO_LIKENESS
        return self._judge(self._part(lambda clusters: float(clusters.cross(values)[0, 0])) / variance, self.pairs, 1.0)

    def _part(self, count: Callable[[Clusters], Any]) -> Floats:
        """What is counted over pairs of rows of one day, and of two days of one block, weekday, and week."""
        day, block, weekday, customer = map(count, (self.days, self.blocks, self.weekdays, self.customers))
        week = count(self.weeks) - count(self.weekly_customers) + customer
        return np.array([day - customer, block - day, weekday - day, week - day])

    def _judge(self, sums: Floats, pairs: Floats, spread: float) -> DayLikeness:
        """The likeness, and 0 where chance explains it; `spread` is that of the product of two independent rows."""
        if pairs[:3].min() <= 0:
            return NO_LIKENESS
        of_day, of_block, weekday = sums[:3] / pairs[:3]
        error = spread * np.sqrt(2 / pairs[0] + 2 / pairs[1])
        together = of_day - of_block
        together = float(together) if together > _SURE * error else 0.0
        sizes = self.sizes * np.sqrt(pairs[0] / self.pairs[0])  # the rows that count
        noise = sizes * (1 + sizes * together)

        def sum_pairs(groups: Integers) -> float:
            return float(np.sum(np.bincount(groups - groups.min(), weights=noise) ** 2))

        weekday_error = spread * np.sqrt(2 * (sum_pairs(self.held % WEEK) - float(np.sum(noise**2)))) / pairs[2]
        common = float(weekday) if weekday > _SURE_OF_WEEKDAY * weekday_error else 0.0
        rest = pairs[1] - pairs[3]
        if min(rest, pairs[3]) <= 0:
            return DayLikeness(max(together - common, 0.0), common)
        of_week, of_rest = sums[3] / pairs[3], (sums[1] - sums[3]) / rest
        by_week = sum_pairs(self.held // WEEK)
        of_pairs = (by_week - float(np.sum(noise**2))) / pairs[3] ** 2 + (
            sum_pairs(self.held // _BLOCK) - by_week
        ) / rest**2
        if of_week - of_rest <= self.sure_of_week * spread * np.sqrt(2 * of_pairs):
            return DayLikeness(max(together - common, 0.0), common)
        return DayLikeness(max(float(of_day - of_rest) - common, 0.0), common, float(of_week - of_rest))


def pair_days(days: Integers, keys: Keys | Integers | None, *, has_weeks: bool = False) -> DayPairs | None:
    """The pairs of rows of one day and of one weekday; None where there are too few days to say anything of them.

    Parameters
    ----------
    days : array of n
        The number of each row's day, of which the remainder by 7 is its weekday.
    keys : array of n, or None
        The customer of each row.
    has_weeks : bool
        Whether rows of one week are known to be alike in something: less certainty is enough, then.

    Examples
    --------
    >>> days = np.repeat(np.arange(28), 2)
    >>> float(pair_days(days, None).pairs[0]), pair_days(days[:20], None)
    (56.0, None)
    """
    held, place, sizes = np.unique(days, return_inverse=True, return_counts=True)
    if len(sizes) < LEAST_DAYS:
        return None
    weeks = days // WEEK
    customers, weekly = (
        (ALONE, ALONE) if keys is None else (find_common_clusters(place, keys), find_common_clusters(weeks, keys))
    )
    of_day, of_block, of_weekday, of_week = map(find_clusters, (place, days // _BLOCK, days % WEEK, weeks))
    sure = _KNOWN_WEEKS if has_weeks else _SURE_OF_WEEK
    return DayPairs(of_day, of_block, of_weekday, of_week, customers, weekly, sizes.astype(np.float64), held, sure)
