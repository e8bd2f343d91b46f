"""The two sides of a comparison in the bank's terms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tasks.core.arrays import Floats, Integers
from tasks.statistics.counted_labels import Judged, find_judged


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

    @cached_property
    def judged(self) -> Judged:
        """Only these rows."""
        return find_judged(self.labels, self.scores)
