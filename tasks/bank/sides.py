"""The two sides of a comparison in the bank's terms: which label is good, and who would be given a loan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Floats, Integers, Mask


@dataclass(frozen=True)
class LoanRule:
    """Who would be given a loan.

    Parameters
    ----------
    threshold
        The score, a probability of the positive label, that parts the two decisions; itself it counts with the higher
        ones.
    is_positive_good
        Whether the positive label is what the lender wants. Then loans are given from the threshold on, else below it.
    """

    threshold: float
    is_positive_good: bool

    def is_given(self, scores: Floats) -> Mask:
        """Which rows would be given a loan; a row without a score would not."""
        if self.is_positive_good:
            return np.asarray(scores >= self.threshold, dtype=np.bool_)
        return np.asarray(scores < self.threshold, dtype=np.bool_)

    def find_merit(self, scores: Floats) -> Floats:
        """The scores so that the better applicant has the higher one."""
        return scores if self.is_positive_good else -scores

    def is_good(self, labels: Floats) -> Mask:
        """Which labelled rows turned out as the lender wants."""
        return np.asarray(labels == (1.0 if self.is_positive_good else 0.0), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Side:
    """The reference or the window.

    Parameters
    ----------
    labels : array of n
        1 or 0; NaN where it is not known.
    scores : array of n
        The probability of the positive label; NaN where the model gave none.
    """

    labels: Floats
    scores: Floats

    @property
    def scored(self) -> Floats:
        """The scores that there are."""
        return self.scores[~np.isnan(self.scores)]

    @property
    def usable(self) -> Integers:
        """The rows with a label and a score."""
        return np.flatnonzero(~np.isnan(self.labels) & ~np.isnan(self.scores))

    def take_usable(self) -> Side:
        """Only these rows."""
        rows = self.usable
        return Side(self.labels[rows], self.scores[rows])

    @property
    def has_both_labels(self) -> bool:
        """Whether both labels occur among the usable rows."""
        return len(np.unique(self.labels[self.usable])) == 2
