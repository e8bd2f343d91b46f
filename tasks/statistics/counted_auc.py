"""Counted AUC: the area under the ROC curve and its variance from the positive and negative rows at each score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Floats
from tasks.statistics.counted_labels import SCORES_AT_ONCE, SmallCounts


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
    for start in range(0, len(positive), SCORES_AT_ONCE):
        some, others = (rows[start : start + SCORES_AT_ONCE].astype(np.float64) for rows in (positive, negative))
        above = (negative_before + np.cumsum(others) - others / 2) / m
        below = 1 - (positive_before + np.cumsum(some) - some / 2) / n
        yield some, above, others, below
        positive_before, negative_before = positive_before + float(some.sum()), negative_before + float(others.sum())
