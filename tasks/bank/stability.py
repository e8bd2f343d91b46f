"""Stability: the population stability index (PSI) of the score, and of each column (CSI).

    PSI = Σ (now_b − before_b) · ln(now_b / before_b)        over the bins b, with shares of all rows

Bins are made on the reference: deciles of a number, of which the outer two are open, and the levels of a category.
Missing values, special values, and words that the reference does not have are bins of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Counts, Floats, Integers
from tasks.profile.bins import MISSING, Bins

DECILES = 10
# An empty bin counts as half a row, as in every logarithm of a ratio of counts (Haldane 1956, Anscombe 1956).
EMPTY_ROWS = 0.5
CHANCE_LEVEL = 0.95


@dataclass(frozen=True)
class Stability:
    """The index of one column, or of the score.

    Parameters
    ----------
    column
        Its name; empty for the score.
    value
        The index: 0 where both sides have the same shares.
    by_chance, chance_limit
        What two samples of these sizes from one population show on average, and what they exceed in 5 % of cases.
    bins
        The bins that hold a row of either side.
    reference_rows, window_rows
        How many rows were counted.
    """

    column: str
    value: float
    by_chance: float
    chance_limit: float
    bins: int
    reference_rows: int
    window_rows: int


def measure_psi(before: Counts | Floats, now: Counts | Floats) -> float:
    """The population stability index of two samples in the same bins.

    Parameters
    ----------
    before, now : arrays of b
        The rows in each bin. A bin that is empty on one side counts as half a row there; one that is empty on both is
        left out.

    Returns
    -------
    float
        At least 0 but for that half row; 0 where the shares are equal, and where a side has no rows.

    References
    ----------
    Siddiqi, Credit Risk Scorecards (2006), chapter 9. It is the symmetric divergence of Jeffreys (1946) and of Kullback
    & Leibler (1951). Half a row: Haldane, Annals of Human Genetics 20 (1956); Anscombe, Biometrika 43 (1956).

    Examples
    --------
    >>> round(measure_psi(np.array([50, 50]), np.array([60, 40])), 4)
    0.0405
    >>> measure_psi(np.array([5, 15]), np.array([10, 30]))
    0.0
    """
    if not before.sum() or not now.sum():
        return 0.0
    held = (before > 0) | (now > 0)
    old = np.where(before > 0, before, EMPTY_ROWS)[held] / before.sum()
    new = np.where(now > 0, now, EMPTY_ROWS)[held] / now.sum()
    return float((new - old) @ np.log(new / old))


def find_chance(bins: int, before: int, now: int) -> tuple[float, float]:
    """What the index is by chance alone: its mean, and what it exceeds in 5 % of cases.

    Parameters
    ----------
    bins : int
        With rows.
    before, now : int
        The rows of each side, each by itself: rows of one customer say less.

    Returns
    -------
    tuple of float
        The mean and the 95 % quantile of (1/before + 1/now) times a chi-square with bins − 1 degrees of freedom.

    References
    ----------
    Yurdakul & Naranjo, Journal of Risk Model Validation 14 (2020): statistical properties of the population stability
    index.

    Examples
    --------
    >>> [round(value, 4) for value in find_chance(10, 200, 200)]
    [0.09, 0.1692]
    """
    if bins < 2 or not before or not now:
        return 0.0, 0.0
    scale, freedom = 1 / before + 1 / now, bins - 1
    return scale * freedom, scale * float(scipy.stats.chi2.ppf(CHANCE_LEVEL, freedom))


def compare_counts(column: str, before: Counts, now: Counts) -> Stability:
    """The index of counts in the same bins, with what chance alone shows."""
    bins = int(np.sum((before > 0) | (now > 0)))
    rows = int(before.sum()), int(now.sum())
    return Stability(column, measure_psi(before, now), *find_chance(bins, *rows), bins, *rows)


def find_lines(scores: Floats, bands: int = DECILES) -> Floats:
    """Where scores are cut into bands that hold equally many of them.

    Parameters
    ----------
    scores : array of n
        Without NaN.
    bands : int
        How many, at most: equal scores share a band.

    Returns
    -------
    array
        Ascending; a line belongs to the band above it.

    Examples
    --------
    >>> find_lines(np.array([0.1, 0.2, 0.3, 0.4]), bands=2), find_lines(np.array([0.1, 0.1, 0.1, 0.4]), bands=2)
    (array([0.25]), array([], dtype=float64))
    """
    if not len(scores):
        return np.zeros(0)
    lines = np.unique(np.quantile(scores, np.linspace(0, 1, bands + 1)[1:-1]))
    return np.asarray(lines[lines > scores.min()], dtype=np.float64)


def count_bands(scores: Floats, lines: Floats) -> Counts:
    """The rows in each band, and last those without a score."""
    places = np.searchsorted(lines, scores[~np.isnan(scores)], side="right")
    return np.append(np.bincount(places, minlength=len(lines) + 1), np.isnan(scores).sum())


def compare_scores(reference: Floats, window: Floats) -> Stability:
    """The index of the score on the reference's deciles; rows without a score are a bin."""
    lines = find_lines(reference[~np.isnan(reference)])
    return compare_counts("", count_bands(reference, lines), count_bands(window, lines))


def group_levels(bins: Bins, counts: Counts) -> Integers:
    """The bin of each code of a column.

    Parameters
    ----------
    bins : Bins
        The column's levels.
    counts : array by code
        The reference's rows.

    Returns
    -------
    array by code
        Of a number: its decile on the reference (0 to 9), then its special values and missing, each by itself. A value
        beyond the reference's belongs to the outer decile. Of a category: each level by itself, with one for all words
        that are rare in the reference, or that it does not have.
    """
    codes = np.arange(bins.levels + 1)
    if not bins.is_number:
        return codes
    group = codes + DECILES
    inner = np.setdiff1d(codes, np.array(bins.codes_apart))
    middles = np.cumsum(counts[inner]) - counts[inner] / 2
    places = (middles * DECILES / max(int(counts[inner].sum()), 1)).astype(np.int64)
    group[inner] = np.minimum(places, DECILES - 1)
    group[MISSING] = DECILES
    return np.asarray(group, dtype=np.int64)


def compare_columns(columns: tuple[Bins, ...], before: tuple[Counts, ...], now: tuple[Counts, ...]) -> list[Stability]:
    """The index of each column, the largest first."""
    found = []
    for bins, old, new in zip(columns, before, now, strict=True):
        group = group_levels(bins, old)
        size = int(group.max()) + 1
        sums = (np.bincount(group, weights=counts, minlength=size).astype(np.int64) for counts in (old, new))
        found.append(compare_counts(bins.name, *sums))
    return sorted(found, key=lambda one: -one.value)
