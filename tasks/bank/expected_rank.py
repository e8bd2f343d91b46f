"""The AUC of rows whose labels are chances, with what each row and each chance adds to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Floats
from tasks.statistics.expected_area import expect_area


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
    _, place, rows = np.unique(scores, return_inverse=True, return_counts=True)
    held = np.bincount(place, weights=chances) / rows
    area = expect_area(rows / len(scores), held)
    by_chance = area.by_chance[place]
    # What a row adds is that of an average one of its score, and what its own chance differs from theirs.
    by_row = area.by_row[place] + (chances - held[place]) * by_chance
    return ExpectedRank(area.value, np.asarray(by_row / len(scores)), np.asarray(by_chance / len(scores)))
