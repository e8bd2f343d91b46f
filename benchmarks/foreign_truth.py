"""What is true of foreign scores: the AUC of everyone, what rounding hides of it, what chance adds to an estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.foreign_scores import EVERYONE, SAME, Chunk, Family, draw_chunk
from tasks.core.arrays import Floats, Integers
from tasks.statistics.auc import expect_auc
from tasks.statistics.expected_area import expect_area

ROWS = 2_000_000


@dataclass(frozen=True, eq=False)
class Truth:
    """Of one kind of applicants.

    `area` is their AUC, and `hidden` how far the estimate by the true share at every rounded score is from it: what
    differs among applicants whose scores are rounded to one value is hidden from every estimator. At each of `scores`,
    `shares` are the reference's true shares, and `by_label` and `by_row` what a row of the reference and of a chunk
    adds to an estimate.
    """

    area: float
    hidden: float
    scores: Floats
    shares: Floats
    by_label: Floats
    by_row: Floats

    def find_chance(self, reference: Chunk, chunk: Chunk) -> float:
        """What the rows that happened to be drawn add to an estimate: 0 on average, so that a bias is not in it."""
        place, fresh = _place(self.scores, reference.scores), _place(self.scores, chunk.scores)
        labels = np.mean(self.by_label[place] * (reference.labels - self.shares[place]))
        return float(labels + np.mean(self.by_row[fresh]))


def find_truths(family: Family, random: np.random.Generator) -> list[Truth]:
    """What is true of every kind of applicants, by 2,000,000 rows of each."""
    known = draw_chunk(family, SAME, ROWS, random)
    scores, place = np.unique(known.scores, return_inverse=True)
    rows = np.bincount(place)
    shares = np.bincount(place, weights=known.chances) / rows
    truths = []
    for applicants in EVERYONE:
        everyone = draw_chunk(family, applicants, ROWS, random)
        fresh = np.bincount(_place(scores, everyone.scores), minlength=len(scores)) / ROWS
        by_share, area = expect_area(fresh, shares), expect_auc(everyone.chances, everyone.scores)
        by_label = fresh / (rows / ROWS) * by_share.by_chance
        truths.append(Truth(area, by_share.value - area, scores, shares, by_label, by_share.by_row))
    return truths


def _place(scores: Floats, of: Floats) -> Integers:
    return np.minimum(np.searchsorted(scores, of), len(scores) - 1)
