"""How often the positive label comes at each score: counts by narrow intervals of the score, and merging them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Floats, Integers

MOST_BINS = 1_000


@dataclass(frozen=True, eq=False)
class ScoreBins:
    """Labelled rows counted by intervals of their score, the lowest first.

    Parameters
    ----------
    highest : array of b
        The greatest score of each bin, ascending. Equal scores are never parted.
    rows : array of b
        The labelled rows of each bin; at least 1.
    positives : array of b
        Those of them with the positive label.
    """

    highest: Floats
    rows: Integers
    positives: Integers

    @property
    def chances(self) -> Floats:
        """The share of positive labels in each bin."""
        return np.asarray(self.positives / self.rows, dtype=np.float64)

    @property
    def shares(self) -> Floats:
        """The share of all rows that each bin holds."""
        return np.asarray(self.rows / self.rows.sum(), dtype=np.float64)

    def place(self, scores: Floats) -> Integers:
        """The bin of each score; one above all bins belongs to the last."""
        return np.minimum(np.searchsorted(self.highest, scores), len(self.highest) - 1)

    def merge(self, starts: Integers) -> ScoreBins:
        """Fewer bins, each from one of these positions to the next."""
        last = np.append(starts[1:], len(self.highest)) - 1
        return ScoreBins(
            self.highest[last], np.add.reduceat(self.rows, starts), np.add.reduceat(self.positives, starts)
        )


def count_score_bins(labels: Floats, scores: Floats, most: int = MOST_BINS) -> ScoreBins:
    """Count labelled rows by their score.

    Parameters
    ----------
    labels : array of n
        0 or 1; at least one.
    scores : array of n
        Any finite numbers.
    most : int
        The most bins. Where no more scores than that differ, each has a bin of its own; otherwise each bin begins
        where another share of the rows is passed.

    Returns
    -------
    ScoreBins

    Examples
    --------
    >>> bins = count_score_bins(np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.2, 0.2, 0.7, 0.9]))
    >>> bins.highest.tolist(), bins.rows.tolist(), bins.positives.tolist()
    ([0.2, 0.7, 0.9], [2, 1, 1], [1, 1, 1])
    """
    different, place = np.unique(scores, return_inverse=True)
    rows = np.bincount(place)
    bins = ScoreBins(
        np.asarray(different, dtype=np.float64), rows, np.rint(np.bincount(place, weights=labels)).astype(np.int64)
    )
    if len(different) <= most:
        return bins
    part = (np.cumsum(rows) - rows) * most // len(scores)
    return bins.merge(np.flatnonzero(np.diff(part, prepend=-1)))


def choose_starts(bins: ScoreBins, fresh: Integers, most: int, least_rows: int) -> Integers:
    """Where merged bins begin, fine where either sample has its rows.

    Parameters
    ----------
    bins : ScoreBins
        The labelled rows.
    fresh : array of b
        The rows of another sample in each bin.
    most : int
        The most merged bins: each but the last holds one part in so many of the two samples, taken equally.
    least_rows : int
        The fewest labelled rows of a merged bin, where there are as many.

    Returns
    -------
    array of int
        Positions of bins, the first of which is 0.

    Examples
    --------
    >>> bins = ScoreBins(np.array([0.1, 0.2, 0.3, 0.4]), np.array([9, 9, 9, 9]), np.array([1, 2, 3, 4]))
    >>> choose_starts(bins, np.array([1, 1, 1, 1]), most=2, least_rows=10).tolist()
    [0, 2]
    """
    mass = ((bins.shares + fresh / max(int(fresh.sum()), 1)) / 2).tolist()
    starts, held, rows = [0], 0.0, 0
    for position, (added, count) in enumerate(zip(mass, bins.rows.tolist(), strict=True)):
        if held >= (1 - 1e-9) / most and rows >= least_rows:
            starts.append(position)
            held, rows = 0.0, 0
        held, rows = held + added, rows + count
    if rows < least_rows and len(starts) > 1:
        starts.pop()
    return np.array(starts, dtype=np.int64)
