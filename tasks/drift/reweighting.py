"""Reweighting: the reference's decisions, weighted so that their scores are those of other applications."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tasks.core.arrays import Floats, Integers
from tasks.statistics.chance_curve import ChanceCurve, fit_chances
from tasks.statistics.expected_area import ExpectedArea, expect_area
from tasks.statistics.score_bins import ScoreBins, choose_starts

# Wider bins hide what a form has at its ends; with fewer undecided rows in a bin their number by chance adds noise.
MOST_BINS = 500
FRESH_ROWS = 10
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

    @property
    def worth(self) -> tuple[float, float]:
        """How many positive and negative labels the weighted ones are worth (Kish): (Σ w)² / Σ w²."""
        positives, negatives = self.bins.positives, self.bins.rows - self.bins.positives
        return self._count_worth(positives), self._count_worth(negatives)

    def _count_worth(self, rows: Integers) -> float:
        weights = self._shares / self.bins.shares
        squares = float(rows @ weights**2)
        return float(rows @ weights) ** 2 / squares if squares else 0.0

    @cached_property
    def _shares(self) -> Floats:
        """The share of the fresh rows in each bin."""
        return np.asarray(self.fresh / self.fresh.sum(), dtype=np.float64)

    @cached_property
    def curve(self) -> ChanceCurve:
        """The chance of the positive label in each bin; both labels occur."""
        return fit_chances(self.bins)

    @cached_property
    def before(self) -> ExpectedArea:
        """The area to be expected of the labelled rows."""
        return expect_area(self.bins.shares, self.curve.chances)

    @cached_property
    def now(self) -> ExpectedArea:
        """The area to be expected of the fresh rows."""
        return expect_area(self._shares, self.curve.chances)

    def find_variances(self) -> Floats:
        """The variances of the loss, and of the reference's own area less it, all rows taken as independent."""
        n, m = float(self.bins.rows.sum()), float(self.fresh.sum())
        labelled = self.curve.noise @ self._slopes**2 + self.bins.rows @ self._row_slopes**2
        return np.asarray(labelled / n**2 + self.fresh @ self._fresh_slopes**2 / m**2)

    def find_influence(self, labels: Floats, scores: Floats) -> Floats:
        """What each labelled row adds to the two, times the number of labelled rows: n by 2."""
        place = self.bins.place(scores)
        surprise = labels - self.curve.chances[place]
        return np.asarray(surprise[:, None] * self._slopes[place] + self._row_slopes[place])

    def find_fresh_influence(self, scores: Floats) -> Floats:
        """What each fresh row adds to the two, times the number of fresh rows: m by 2."""
        return self._fresh_slopes[self.bins.place(scores)]

    @cached_property
    def _slopes(self) -> Floats:
        """By bin: what one more positive label adds, through the chances, and to the reference's own area."""
        by_chance = self.bins.shares * self.before.by_chance - self._shares * self.now.by_chance
        loss = float(self.bins.rows.sum()) * by_chance @ self.curve.slopes
        return np.stack([loss, self.before.by_chance - loss], axis=1)

    @cached_property
    def _row_slopes(self) -> Floats:
        """By bin: what a labelled row adds by its score alone; it is in both of the reference's areas."""
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
        In at most 500 bins, and in no more than hold 10 fresh rows on average.

    Notes
    -----
    The bins depend on no label, so that they bring no bias.
    """
    counts = np.bincount(bins.place(fresh), minlength=len(bins.rows))
    most = max(min(MOST_BINS, len(fresh) // FRESH_ROWS), 2)
    starts = choose_starts(bins, counts, most, LEAST_ROWS)
    return Reweighting(bins.merge(starts), np.add.reduceat(counts, starts))
