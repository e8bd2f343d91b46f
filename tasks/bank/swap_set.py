"""Swap set: who would be given a loan by only one of two models, if both give as many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats, Mask
from tasks.core.loan_rule import LoanRule


@dataclass(frozen=True)
class SwapGroup:
    """Applications that the two models treat alike: how many, how many turned out good, and that share's interval.

    Without any, share and interval are None.
    """

    rows: int
    good: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class SwapSet:
    """The applications by the two models' decisions.

    Parameters
    ----------
    rows
        Applications with both scores and a known outcome.
    champion_rate, challenger_rate
        The shares that each would give a loan; they differ by no more than ties force.
    both_given, newly_given, newly_refused, both_refused
        By whom a loan would be given: by both, by the challenger only, by the champion only, by neither.
    difference, low, high
        The share of good ones among the newly given less that among the newly refused, with its interval; None where
        one of them is empty.
    """

    rows: int
    champion_rate: float
    challenger_rate: float
    both_given: SwapGroup
    newly_given: SwapGroup
    newly_refused: SwapGroup
    both_refused: SwapGroup
    difference: float | None
    low: float | None
    high: float | None


def find_swap_set(
    labels: Floats, champion: Floats, challenger: Floats, lending: LoanRule, confidence: float
) -> SwapSet | None:
    """The swap set at the champion's approval rate.

    Parameters
    ----------
    labels : array of n
        1 or 0; NaN where the outcome is not known.
    champion, challenger : arrays of n
        Their scores; NaN where there is none.
    lending : LoanRule
        The champion's. The challenger gives as many loans, to those that it ranks best.
    confidence : float
        Of the intervals.

    Returns
    -------
    SwapSet or None
        None without a usable row.

    References
    ----------
    Siddiqi, Credit Risk Scorecards (2006), chapter 9: the swap set. Wilson, JASA 22 (1927): the interval of a share.
    Newcombe, Statistics in Medicine 17 (1998), method 10: that of a difference of two shares.

    Examples
    --------
    >>> labels, before = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.2, 0.1])
    >>> swap = find_swap_set(labels, before, np.array([0.9, 0.2, 0.8, 0.1]), LoanRule(0.5, is_positive_good=True), 0.95)
    >>> swap.newly_given.good, swap.newly_refused.good
    (1, 0)
    """
    rows = np.flatnonzero(~np.isnan(labels) & ~np.isnan(champion) & ~np.isnan(challenger))
    if not len(rows):
        return None
    before = lending.is_given(champion[rows])
    now = choose_best(lending.find_merit(challenger[rows]), int(before.sum()))
    good = lending.is_good(labels[rows])
    newly_given, newly_refused = (_count(good[part], confidence) for part in (~before & now, before & ~now))
    return SwapSet(
        len(rows),
        float(before.mean()),
        float(now.mean()),
        _count(good[before & now], confidence),
        newly_given,
        newly_refused,
        _count(good[~before & ~now], confidence),
        *_compare(newly_given, newly_refused),
    )


def choose_best(merit: Floats, count: int) -> Mask:
    """The rows with the highest merit, as many as asked for; equal ones are taken or left together.

    Examples
    --------
    >>> choose_best(np.array([3.0, 1.0, 2.0, 2.0]), 2).tolist()
    [True, False, False, False]
    """
    if count <= 0:
        return np.zeros(len(merit), dtype=np.bool_)
    line = np.sort(merit)[len(merit) - count]
    above, with_ties = merit > line, merit >= line
    is_nearer = count - int(above.sum()) <= int(with_ties.sum()) - count
    return np.asarray(above if is_nearer and with_ties.sum() > count else with_ties, dtype=np.bool_)


def _count(good: Mask, confidence: float) -> SwapGroup:
    rows, turned = len(good), int(good.sum())
    if not rows:
        return SwapGroup(0, 0, None, None, None)
    interval = scipy.stats.binomtest(turned, rows).proportion_ci(confidence, method="wilson")
    return SwapGroup(rows, turned, turned / rows, float(interval.low), float(interval.high))


def _compare(one: SwapGroup, other: SwapGroup) -> tuple[float | None, float | None, float | None]:
    """The difference of two independent shares with Newcombe's interval."""
    if one.share is None or other.share is None or one.low is None or other.low is None:
        return None, None, None
    high_one, high_other = one.high or 0.0, other.high or 0.0
    difference = one.share - other.share
    below = np.hypot(one.share - one.low, high_other - other.share)
    above = np.hypot(high_one - one.share, other.share - other.low)
    return difference, float(difference - below), float(difference + above)
