"""Counted labels: the positive and the negative rows at each score, which ranking and its pictures rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tasks.core.arrays import Floats, Integers, pick_rows

SmallCounts = NDArray[np.int32]  # half the memory of whole numbers
SCORES_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class CountedLabels:
    """The scores that occur, in their order, with the positive and the negative rows of each."""

    scores: Floats
    positive: SmallCounts
    negative: SmallCounts

    def place(self, scores: Floats) -> tuple[Floats, Floats]:
        """The placements of rows with these scores, were they positive, and were they negative."""
        place = np.searchsorted(self.scores, scores)
        above = (np.cumsum(self.negative)[place] - self.negative[place] / 2) / self.negative.sum()
        below = 1 - (np.cumsum(self.positive)[place] - self.positive[place] / 2) / self.positive.sum()
        return above, below

    def accumulate(self, *, from_highest: bool = False) -> Iterator[tuple[Floats, Integers, Integers]]:
        """The scores in their order, or from the highest on, with the positive and negative rows up to each.

        Many scores come a part at a time, so that they need no more memory.
        """
        way = slice(None, None, -1 if from_highest else 1)
        scores, positive, negative = self.scores[way], self.positive[way], self.negative[way]
        before = 0, 0
        for start in range(0, len(scores), SCORES_AT_ONCE):
            part = slice(start, start + SCORES_AT_ONCE)
            given = before[0] + np.cumsum(positive[part], dtype=np.int64)
            refused = before[1] + np.cumsum(negative[part], dtype=np.int64)
            yield scores[part], given, refused
            before = int(given[-1]), int(refused[-1])


@dataclass(frozen=True, eq=False)
class Judged:
    """The labels (1 or 0) and scores of the rows that have both: of the reference, or of a window."""

    labels: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def counted(self) -> CountedLabels:
        """The labels by score, which several figures need: of many rows it takes seconds."""
        return count_labels(self.labels, self.scores)

    @cached_property
    def has_both_labels(self) -> bool:
        """Whether there are positive and negative rows."""
        return bool((self.labels == 1).any() and (self.labels == 0).any())


def find_judged(labels: Floats, scores: Floats) -> Judged:
    """The rows with a label and a score; NaN stands for neither.

    Examples
    --------
    >>> find_judged(np.array([1.0, np.nan, 0.0]), np.array([0.5, 0.2, np.nan])).scores
    array([0.5])
    """
    known = ~np.isnan(labels) & ~np.isnan(scores)
    return Judged(pick_rows(labels, known), pick_rows(scores, known))


def count_labels(labels: Floats, scores: Floats) -> CountedLabels:
    """The labels by score. Of many rows it takes twice the memory of the scores.

    Examples
    --------
    >>> count_labels(np.array([0.0, 1.0, 1.0]), np.array([0.2, 0.7, 0.2])).positive
    array([1, 1], dtype=int32)
    """
    order = np.argsort(scores)
    ordered, is_positive = scores[order], (labels == 1)[order]
    del order
    starts = np.flatnonzero(np.append(len(ordered) > 0, ordered[1:] != ordered[:-1]))
    positive = np.add.reduceat(is_positive, starts, dtype=np.int32)
    held, rows = ordered[starts], len(ordered)
    del ordered
    return CountedLabels(held, positive, np.diff(starts, append=rows).astype(np.int32) - positive)


def follow_scores(
    counted: CountedLabels, measure_way: Callable[[Integers, Integers], Floats], at: Floats, *, from_highest: bool
) -> tuple[Floats, Floats]:
    """The shares of the positive and of the negative rows that are passed on a way through the scores.

    Parameters
    ----------
    counted : CountedLabels
        The labels by score.
    measure_way : callable
        How far one has come, by the positive and the negative rows that are passed; from 0 on, and never back.
    at : array of k
        Where on the way the shares are asked for, between 0 and its end; between two scores they are interpolated.
    from_highest : bool
        Whether the way begins at the highest score.

    Returns
    -------
    tuple of two arrays of k

    Examples
    --------
    >>> counted = count_labels(np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    >>> follow_scores(counted, lambda positive, negative: (positive + negative) / 4, np.array([0.5]), from_highest=True)
    (array([0.5]), array([0.5]))
    """
    totals = max(int(counted.positive.sum()), 1), max(int(counted.negative.sum()), 1)
    found = np.zeros((2, len(at)))
    before = 0, 0
    for _, *passed in counted.accumulate(from_highest=from_highest):
        rows = [np.append(start, some) for start, some in zip(before, passed, strict=True)]
        way = measure_way(rows[0], rows[1])
        here = (at > way[0]) & (at <= way[-1])
        for place, (some, total) in enumerate(zip(rows, totals, strict=True)):
            found[place, here] = np.interp(at[here], way, some / total)
        before = int(rows[0][-1]), int(rows[1][-1])
    return found[0], found[1]
