"""Counted AUC: the area under the ROC curve and its variance from the positive and negative rows at each score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.core.arrays import Floats

SmallCounts = NDArray[np.int32]  # half the memory of whole numbers
_SCORES_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Auc:
    """An area and the variance of its estimate.

    Parameters
    ----------
    value
        The area, 0 to 1; 0.5 where scores say nothing.
    variance
        The variance of the estimate, above 0.
    """

    value: float
    variance: float


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
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    positive = np.add.reduceat(is_positive, starts, dtype=np.int32)
    held, rows = ordered[starts], len(ordered)
    del ordered
    return CountedLabels(held, positive, np.diff(starts, append=rows).astype(np.int32) - positive)


def measure_counted_auc(positive: Floats | SmallCounts, negative: Floats | SmallCounts) -> Auc:
    """The same from counts, in which rows of one score are one entry.

    Parameters
    ----------
    positive, negative : arrays of k
        The positive and the negative rows at each of k scores, the lowest score first; neither sums to 0.

    Returns
    -------
    Auc
        As `measure_auc` of the rows themselves.

    Examples
    --------
    >>> measure_counted_auc(np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0])).value
    0.875
    """
    n, m = float(positive.sum()), float(negative.sum())
    value, other = 0.0, 0.0
    for some, above, others, below in _place_counted(positive, negative):
        value, other = value + float(some @ above), other + float(others @ below)
    value, other = value / n, other / m
    squares = [0.0, 0.0]
    for some, above, others, below in _place_counted(positive, negative):
        squares[0] += float(some @ (above - value) ** 2)
        squares[1] += float(others @ (below - other) ** 2)
    variance = sum(
        square / (count - 1) / count if count > 1 else 0.25 for square, count in zip(squares, (n, m), strict=True)
    )
    return Auc(value, max(variance, (n * m) ** -2))


def _place_counted(
    positive: Floats | SmallCounts, negative: Floats | SmallCounts
) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    """The positive rows of some scores and their placements, then the negative ones: see `find_placements`.

    Many scores come a part at a time, so that they need no more memory.
    """
    n, m = float(positive.sum()), float(negative.sum())
    positive_before, negative_before = 0.0, 0.0
    for start in range(0, len(positive), _SCORES_AT_ONCE):
        some, others = (rows[start : start + _SCORES_AT_ONCE].astype(np.float64) for rows in (positive, negative))
        above = (negative_before + np.cumsum(others) - others / 2) / m
        below = 1 - (positive_before + np.cumsum(some) - some / 2) / n
        yield some, above, others, below
        positive_before, negative_before = positive_before + float(some.sum()), negative_before + float(others.sum())
