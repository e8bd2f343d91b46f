"""Decisions that are still to come: on which days have they come in?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Counts, Floats

# What lacks a decision for good may grow from window to window by so much, as long as it is the same on all days.
_MOST_LOST = 0.05
_LEVEL = 0.01


@dataclass(frozen=True)
class RipeDays:
    """Which of some consecutive days are ripe.

    Parameters
    ----------
    days
        So many of the first days are ripe.
    usual
        The share of rows that stays without a decision, by which the days were judged.
    wait
        The days after which those are ripe that are not, counted from the last one; None where none can be named, and
        0 where all days are.
    is_more
        Whether significantly more rows lack a decision than before, be it for good.
    """

    days: int
    usual: float
    wait: int | None
    is_more: bool


def find_ripe_days(undecided: Counts, rows: Counts, before: tuple[int, int] | None, tolerance: float) -> RipeDays:
    """How many of the first days have all decisions that they will have.

    Parameters
    ----------
    undecided, rows : arrays of k
        The rows of each day without a decision, and all of them, the earliest day first.
    before : tuple of int, or None
        The rows without a decision among earlier, ripe rows, and all of these. None takes the first half of the days.
    tolerance : float
        The share of rows by which a ripe day may exceed what is usual, above 0.

    Returns
    -------
    RipeDays
        All days, unless significantly more rows lack a decision at the end than before.

    Notes
    -----
    The last j days are compared with the rows before for every j (hypergeometric, Bonferroni). Where one of them has
    too many, the share by day is fitted by a function that never falls, and the days before it exceeds the tolerance
    are ripe. Rows that stay without a decision for good are as many on all days, so that they show no trend.

    References
    ----------
    Barlow, Bartholomew, Bremner & Brunk, Statistical Inference under Order Restrictions (1972): the fit. Armitage,
    Biometrics 11 (1955): the trend.

    Examples
    --------
    >>> rows, undecided = np.full(10, 100), np.array([1, 0, 2, 1, 0, 1, 0, 20, 40, 60])
    >>> find_ripe_days(undecided, rows, (10, 1_000), tolerance=0.01)
    RipeDays(days=7, usual=0.01, wait=3, is_more=True)
    """
    half = len(rows) // 2
    known = before or (int(undecided[:half].sum()), int(rows[:half].sum()))
    usual = known[0] / max(known[1], 1)
    ends = np.arange(half if before is None else 0, len(rows))
    if not _has_more(undecided, rows, known, ends):
        return RipeDays(len(rows), usual, 0, False)
    lost = max(float(undecided.sum() / rows.sum()) - usual, 0.0)
    most_lost = min(_MOST_LOST, 5 * tolerance)
    if not _has_trend(undecided, rows):
        is_lost = lost <= most_lost
        return RipeDays(len(rows) if is_lost else 0, usual, 0 if is_lost else None, True)
    first = slice(0, max(len(rows) // 3, 1))
    level = float(undecided[first].sum() / max(int(rows[first].sum()), 1))
    if usual < level <= usual + most_lost and not _has_trend(undecided[first], rows[first]):
        usual = level
    excess = _fit_rising(undecided, rows) - usual
    days = int(np.sum(excess <= tolerance))
    return RipeDays(days, usual, _find_wait(excess, days, tolerance), True)


def _has_more(undecided: Counts, rows: Counts, before: tuple[int, int], ends: Counts) -> bool:
    """Whether the days from one of `ends` on lack more decisions than chance explains."""
    last = np.cumsum(undecided[::-1])[::-1][ends], np.cumsum(rows[::-1])[::-1][ends]
    chances = scipy.stats.hypergeom.sf(last[0] - 1, before[1] + last[1], before[0] + last[0], last[1])
    return bool(len(ends)) and bool(chances.min() * len(ends) <= _LEVEL)


def _has_trend(undecided: Counts, rows: Counts) -> bool:
    """Whether the share without a decision rises from day to day (Cochran and Armitage, one-sided)."""
    share = undecided.sum() / max(int(rows.sum()), 1)
    days = np.arange(len(rows)) - np.average(np.arange(len(rows)), weights=np.maximum(rows, 1e-9))
    variance = share * (1 - share) * np.sum(rows * days**2)
    if variance <= 0:
        return False
    return bool(scipy.stats.norm.sf(np.sum(days * (undecided - share * rows)) / np.sqrt(variance)) <= _LEVEL)


def _fit_rising(undecided: Counts, rows: Counts) -> Floats:
    """The share by day, fitted by a function that never falls; a day without rows has that of the day before."""
    held = np.flatnonzero(rows)
    fitted = scipy.optimize.isotonic_regression(undecided[held] / rows[held], weights=rows[held]).x
    return np.asarray(fitted[np.maximum(np.searchsorted(held, np.arange(len(rows)), side="right") - 1, 0)])


def _find_wait(excess: Floats, days: int, tolerance: float) -> int | None:
    """After how many days the last one will be ripe, if it ripens as the others have done."""
    if days:
        return len(excess) - days
    # None is ripe yet: what is open is taken to shrink by the same share every day.
    third = max(len(excess) // 3, 1)
    oldest, newest = float(np.mean(excess[:third])), float(np.mean(excess[-third:]))
    if oldest <= 0 or newest <= 1.05 * oldest:
        return None
    daily = np.log(newest / oldest) / (len(excess) - third)
    return int(np.ceil(np.log(max(float(excess[-1]), newest) / tolerance) / daily))
