"""Reweighting: the reference's decisions, weighted so that their scores are those of other applications."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isqrt

import numpy as np

from tasks.core.arrays import Floats, Integers
from tasks.statistics.expected_area import ExpectedArea, expect_area
from tasks.statistics.score_bins import ScoreBins, choose_starts

# More bins brought no gain at 50,000 rows; with fewer undecided rows in a bin their number by chance adds noise.
MOST_BINS = 100
FRESH_ROWS = 30
LEAST_ROWS = 10


@dataclass(frozen=True, eq=False)
class Reweighting:
    """Two samples in the same bins of the score: one with labels, and one without.

    Parameters
    ----------
    bins
        The labelled rows.
    fresh : array of b
        The rows without a label.
    """

    bins: ScoreBins
    fresh: Integers

    @cached_property
    def weights(self) -> Floats:
        """By bin: how much more of the fresh rows than of the labelled ones lie there."""
        return np.asarray(self.fresh / self.fresh.sum() / self.bins.shares)

    @cached_property
    def before(self) -> ExpectedArea:
        """The area of the labelled rows."""
        return expect_area(self.bins.shares, self.bins.chances)

    @cached_property
    def now(self) -> ExpectedArea:
        """The area to be expected of the fresh rows."""
        return expect_area(self.bins.shares * self.weights, self.bins.chances)

    @property
    def worth(self) -> tuple[float, float]:
        """How many positive and negative labels the weighted ones are worth (Kish): (Σ w)² / Σ w²."""
        positives, negatives = self.bins.positives, self.bins.rows - self.bins.positives
        return self._count_worth(positives), self._count_worth(negatives)

    def _count_worth(self, rows: Integers) -> float:
        squares = float(rows @ self.weights**2)
        return float(rows @ self.weights) ** 2 / squares if squares else 0.0

    def find_variances(self) -> Floats:
        """The variances of the loss and of the expected area, all rows taken as independent."""
        n, m = float(self.bins.rows.sum()), float(self.fresh.sum())
        rows, chances = _pool_neighbours(self.bins.rows), _pool_neighbours(self.bins.positives)
        noise = self.bins.rows * chances / rows * (1 - chances / rows)
        labelled = noise @ self._slopes**2 + self.bins.rows @ self._row_slopes**2
        return np.asarray(labelled / n**2 + self.fresh @ self._fresh_slopes**2 / m**2)

    def find_influence(self, labels: Floats, scores: Floats) -> Floats:
        """What each labelled row adds to the loss and to the expected area, times their number: n by 2."""
        place = self.bins.place(scores)
        surprise = labels - self.bins.chances[place]
        return np.asarray(surprise[:, None] * self._slopes[place] + self._row_slopes[place])

    def find_fresh_influence(self, scores: Floats) -> Floats:
        """What each fresh row adds to the loss and to the expected area, times their number: m by 2."""
        return self._fresh_slopes[self.bins.place(scores)]

    @cached_property
    def _slopes(self) -> Floats:
        """By bin: what a positive label more adds to the loss and to the expected area."""
        now = self.weights * self.now.by_chance
        return np.stack([self.before.by_chance - now, now], axis=1)

    @cached_property
    def _row_slopes(self) -> Floats:
        """By bin: what a labelled row adds by its score alone."""
        return np.stack([self.before.by_row, np.zeros_like(self.before.by_row)], axis=1)

    @cached_property
    def _fresh_slopes(self) -> Floats:
        """By bin: what a fresh row adds."""
        return np.stack([-self.now.by_row, self.now.by_row], axis=1)


def match_scores(bins: ScoreBins, fresh: Floats) -> Reweighting:
    """Put fresh scores into the bins of labelled ones, merged until they are wide enough for both.

    Parameters
    ----------
    bins : ScoreBins
        The labelled rows, in narrow bins.
    fresh : array of m
        The scores without a label; at least one.

    Returns
    -------
    Reweighting
        In at most 100 bins, no more than the square root of the fresh rows, with 30 fresh rows in each on average.

    Notes
    -----
    The bins depend on no label, so that they bring no bias. Chances that are counted by bin are without bias for a
    curve of any form, which isotonic regression is for a rising one only; the variance is the same.
    """
    counts = np.bincount(bins.place(fresh), minlength=len(bins.rows))
    most = max(min(MOST_BINS, isqrt(len(fresh)), len(fresh) // FRESH_ROWS), 2)
    starts = choose_starts(bins, counts, most, LEAST_ROWS)
    return Reweighting(bins.merge(starts), np.add.reduceat(counts, starts))


def _pool_neighbours(counts: Integers) -> Floats:
    """The sum of each bin and its two neighbours: a bin without one of the labels is not therefore free of noise."""
    padded = np.pad(counts.astype(np.float64), 1)
    return np.asarray(padded[:-2] + padded[1:-1] + padded[2:])
