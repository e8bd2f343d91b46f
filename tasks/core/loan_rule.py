"""The loan rule: which label is good, and who would be given a loan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Floats, Mask


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
