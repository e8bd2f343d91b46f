"""Reference rows: some of the rows that a champion was fitted on, for a self-check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.core.arrays import Floats, Keys, Mask, draw_groups
from tasks.core.scored_window import ScoredWindow

# More rows would change a self-check little and take longer.
MOST_ROWS = 20_000


@dataclass(frozen=True, eq=False)
class ReferenceRows:
    """Applications with their labels, out-of-fold scores, days, and the keys of their customers."""

    applications: pd.DataFrame
    labels: Floats
    scores: Floats
    days: NDArray[np.datetime64]
    keys: Keys

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Mask) -> ScoredWindow:
        """The rows where the mask is true, as one side of a comparison."""
        applications = self.applications.loc[rows].reset_index(drop=True)
        return ScoredWindow(applications, self.labels[rows], self.scores[rows], self.keys[rows])


def sample_customers(rows: ReferenceRows, seed: int) -> ReferenceRows:
    """All rows, or about 20,000 of them: all of a customer's, as rows that belong together are what is looked for."""
    if len(rows) <= MOST_ROWS:
        return rows
    drawn = draw_groups(rows.keys, MOST_ROWS, np.random.default_rng(seed))
    side = rows.take(drawn)
    return ReferenceRows(side.applications, side.labels, side.scores, rows.days[drawn], rows.keys[drawn])
