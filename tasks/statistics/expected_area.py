"""The area under the ROC curve to be expected of rows in bins of their score, and how it depends on each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Floats


@dataclass(frozen=True, eq=False)
class ExpectedArea:
    """An expected area and its derivatives.

    Parameters
    ----------
    value
        The area, 0 to 1.
    by_row : array of b
        What another row of a bin adds, in units of one row's share; 0 on average over the rows.
    by_chance : array of b
        What a higher chance in a bin adds, in units of the bin's share.
    """

    value: float
    by_row: Floats
    by_chance: Floats


def expect_area(shares: Floats, chances: Floats) -> ExpectedArea:
    """The area to be expected of rows in bins, where each row of a bin is positive with the same probability.

    Parameters
    ----------
    shares : array of b
        The share of the rows in each bin, the lowest scores first.
    chances : array of b
        The probability of the positive label in each bin; neither 0 in all of them nor 1.

    Returns
    -------
    ExpectedArea
        The share of pairs of a positive and a negative row that lie in the right order; within a bin, one half.

    Notes
    -----
    With N = Σ_b f_b p_b (Σ_c<b f_c (1-p_c) + f_b (1-p_b) / 2), P = Σ f p and Q = Σ f (1-p) the area is N / (P Q); the
    derivatives are those of this quotient.

    References
    ----------
    Hampel, Journal of the American Statistical Association 69 (1974): the influence of a row on an estimate. NannyML's
    confidence-based performance estimation takes the same expectation, row by row.

    Examples
    --------
    >>> expect_area(np.array([0.25, 0.25, 0.25, 0.25]), np.array([0.0, 1.0, 0.0, 1.0])).value
    0.75
    """
    positive, negative = shares * chances, shares * (1 - chances)
    all_positive, all_negative = float(positive.sum()), float(negative.sum())
    below = np.cumsum(negative) - negative / 2
    above = all_positive - np.cumsum(positive) + positive / 2
    value = float(positive @ below) / (all_positive * all_negative)
    if_positive = below / (all_positive * all_negative) - value / all_positive
    if_negative = above / (all_positive * all_negative) - value / all_negative
    by_row = chances * if_positive + (1 - chances) * if_negative
    return ExpectedArea(value, np.asarray(by_row), np.asarray(if_positive - if_negative))
