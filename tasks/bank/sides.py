"""The two sides of a comparison in the bank's terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Floats, Integers


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
