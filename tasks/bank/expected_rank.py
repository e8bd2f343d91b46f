"""The AUC of rows whose labels are chances, with what each row and each chance adds to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Floats


@dataclass(frozen=True, eq=False)
class ExpectedRank:
    """An area and its slopes.

    Parameters
    ----------
    value
        Σ p_i (1 − p_j) [s_i > s_j] ÷ (Σ p · Σ (1 − p)); tied scores count one half.
    by_row : array of n
        What each row adds to the error of the area by being drawn; they sum to 0.
    by_chance : array of n
        The derivative of the area by each chance.
    """

    value: float
    by_row: Floats
    by_chance: Floats


def expect_rank(chances: Floats, scores: Floats) -> ExpectedRank:
    """The area to be expected where row i is positive with the chance p_i.

    Parameters
    ----------
    chances : array of n
        The chances p, 0 to 1; labels of 0 and 1 are chances, too. Neither p nor 1 − p sums to 0.
    scores : array of n
        The scores s.

    Returns
    -------
    ExpectedRank

    References
    ----------
    DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988): with labels `by_row` are their structural components, centred
    and divided by the rows of each label.

    Examples
    --------
    >>> expect_rank(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.3, 0.4, 0.8])).value
    0.75
    """
    _, place = np.unique(scores, return_inverse=True)
    positive = np.bincount(place, weights=chances)
    negative = np.bincount(place, weights=1 - chances)
    p, n = float(positive.sum()), float(negative.sum())
    below = ((np.cumsum(negative) - negative / 2) / n)[place]
    above = (1 - (np.cumsum(positive) - positive / 2) / p)[place]
    value = float(chances @ below) / p
    by_chance = (below - value) / p - (above - value) / n
    by_row = chances * (below - value) / p + (1 - chances) * (above - value) / n
    return ExpectedRank(value, np.asarray(by_row), np.asarray(by_chance))
