"""Ends: where the numbers of a column end to be alike, and where its ends begin to agree in their labels."""

from __future__ import annotations

import numpy as np
import scipy

from tasks.core.arrays import Floats, Integers
from tasks.core.policy import QualityPolicy
from tasks.quality.leak_signs import PREDICTIVE_ODDS
from tasks.statistics.smooth import chance_of_largest, expect_values, fit_smooth_rule, measure_departures

# A number that this share of the rows has says nothing of how far the others lie apart; nor do so few others.
_MANY = 0.10
_FEW = 20
# The share of the rows that is a tail, and how much longer than usual in it a gap is: chance makes one of exp(-9).
_TAIL = 0.10
_LONG = 9.0
# So few other numbers are no curve.
_FEW_STEPS = 5
# So many times the rows of the numbers beside it, so many on either side, make a number a spike.
_FAR_MORE, _BESIDE = 10, 10
# At least this many rows next to a limit, or to a number, are compared with those at it.
NEAREST = 30


def find_midst(numbers: Floats) -> tuple[float, float]:
    """The lowest and the highest number that no wide gap parts from the median.

    A gap is wide if it exceeds twice the distance of the quartiles, or where these are equal, that of the 5 % and the
    95 % quantile: numbers in another unit, or that stand for something else, lie so far away. Where many rows have the
    same number, such as 0, the quartiles of the other rows count if they lie further apart. A heavy tail has such gaps
    as well: the gap must also be longer than the numbers before it make likely (`_end_tail`).
    """
    if not len(numbers):
        return -np.inf, np.inf
    low, first, median, third, high = np.quantile(numbers, (0.05, 0.25, 0.5, 0.75, 0.95))
    held, rows = np.unique(numbers, return_counts=True)
    others = np.repeat(held, np.where(rows < _MANY * len(numbers), rows, 0))
    spread = max(third - first, scipy.stats.iqr(others) if len(others) >= _FEW else 0.0)
    with np.errstate(over="ignore"):
        wide = 2 * spread or high - low
        scaled = np.arcsinh((held - median) / (wide / 2 or 1.0))
        gaps = np.flatnonzero(np.diff(held) > wide)
    above, mirrored = gaps[held[gaps] >= median], len(held) - 2 - gaps[held[gaps] < median]
    highest = held[_end_tail(scaled, rows, above)]
    lowest = held[len(held) - 1 - _end_tail(-scaled[::-1], rows[::-1], mirrored[::-1])]
    return float(lowest), float(highest)


def _end_tail(held: Floats, rows: Integers, gaps: Integers) -> int:
    """The place of the last number before the first gap that is longer than chance makes one in the tail before it.

    The distances in an exponential tail are exponential, with the tail's mean excess divided by how many numbers lie
    beyond. A power law has an exponential tail on a logarithmic scale, in which `held` are given; lighter ones have
    shorter gaps. Numbers beyond a further gap are none of the tail's.

    References
    ----------
    Rényi, On the theory of order statistics, Acta Mathematica Hungarica 4 (1953), 191-231.
    Hill, A simple general approach to inference about the tail of a distribution, Annals of Statistics 3 (1975).
    """
    end = len(held)
    for gap in gaps[::-1]:
        inside = np.cumsum(rows[: gap + 1])
        first = int(np.searchsorted(inside, (1 - _TAIL) * inside[-1]))
        excess = np.average(held[first : gap + 1] - held[first], weights=rows[first : gap + 1])
        if (held[gap + 1] - held[gap]) * (end - gap - 1) > _LONG * excess:
            end = int(gap) + 1
    return end - 1


def find_spikes(numbers: Floats, least: int) -> Floats:
    """The numbers other than 0 that at least so many rows have, and far more than the numbers beside them.

    They stand for something else, as 999 does, or for a cap, and are groups of their own.
    """
    if not len(numbers):
        return numbers
    held, rows = np.unique(numbers, return_counts=True)
    around = np.ones(2 * _BESIDE + 1)
    beside = np.convolve(rows, around)[_BESIDE:-_BESIDE] - rows
    numbers_beside = np.convolve(np.ones(len(rows)), around)[_BESIDE:-_BESIDE] - 1
    is_spike = (rows >= least) & (rows * numbers_beside > _FAR_MORE * beside) & (held != 0)
    return np.asarray(held[is_spike], dtype=np.float64)


def find_breaks(
    numbers: Floats, labels: Floats, label: float, least: int, policy: QualityPolicy
) -> tuple[Integers, Floats]:
    """The places of the last rows of pure ends whose neighbours agree much less, and how often these do.

    The neighbours are as many rows as the end has, at least `NEAREST`: where values of another unit lie among those of
    a heavy tail, the tail's own become more frequent by and by. Equal values stay together.
    """
    if len(numbers) <= least:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    agreeing = np.concatenate([[0], np.cumsum(labels == label)])
    ends = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    beyond = np.minimum(ends + np.maximum(ends, max(least, NEAREST)), len(numbers))
    inside, nearest = agreeing[ends] / ends, (agreeing[beyond] - agreeing[ends]) / (beyond - ends)
    is_break = (ends >= least) & (inside >= policy.leak_purity) & (inside - nearest >= policy.leak_break)
    return np.asarray(ends[is_break] - 1), np.asarray(nearest[is_break])


def measure_end(
    numbers: Floats, labels: Floats, label: float, least: int, policy: QualityPolicy
) -> tuple[float, float, float] | None:
    """The limit beyond which labels depart most from a smooth rule, among those at which agreement breaks.

    Returns
    -------
    limit, agreement, chance
        The lowest of the upper numbers that agree, the agreement of those next to them, and the chance of the largest
        departure at any limit, so that the labels may choose it. None where agreement breaks nowhere.
    """
    order = np.argsort(-numbers, kind="stable")
    places, nearest = find_breaks(numbers[order], labels[order], label, least, policy)
    if not len(places):
        return None
    departures = measure_departures(fit_smooth_rule(numbers, labels), order, labels, label)[places]
    largest = int(np.argmax(departures))
    chance = chance_of_largest(float(departures[largest]), least / len(numbers))
    return float(numbers[order[places[largest]]]), float(nearest[largest]), chance


def measure_value(
    others: tuple[Floats, Floats], value: float, group: tuple[int, int], label: float, least: int
) -> tuple[float, float]:
    """The agreement of the numbers nearest to a value, and the chance of its rows under a smooth rule of the others.

    Parameters
    ----------
    others : pair of arrays of n
        The numbers and the labels of the other rows.
    value : float
    group : pair of int
        The rows of the value, and those of them that have another label.
    label : float
    least : int
        So many rows on each side are its neighbours, at least `NEAREST`.
    """
    numbers, labels = others
    distance = np.abs(numbers - value)
    sides = (np.flatnonzero(side) for side in (numbers < value, numbers > value))
    nearest = [side[np.argsort(distance[side], kind="stable")[: max(least, NEAREST)]] for side in sides]
    elsewhere = max((float(np.mean(labels[side] == label)) for side in nearest if len(side)), default=1.0)
    if len(np.unique(labels)) < 2:
        return elsewhere, 1.0
    # A curve through a flag or a few steps says nothing of another step.
    odds = PREDICTIVE_ODDS if len(np.unique(numbers)) < _FEW_STEPS else 1.0
    return elsewhere, expect_values(numbers, labels, np.full(group[0], value)).find_chance(label, group[1], odds)
