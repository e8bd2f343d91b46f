"""Reference rows: some of the rows that a champion was fitted on, for a self-check."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.core.arrays import Floats, Keys, Mask, draw_groups
from tasks.core.scored_window import ScoredWindow

# More rows would change a self-check little and take longer.
MOST_ROWS = 20_000


@dataclass(frozen=True, eq=False)
class ReferenceRows:
    """Applications with their labels, out-of-fold scores, days, and the keys of their customers.

    `refused` is as in `ScoredWindow`; rows without a label occur only where it is known.
    """

    applications: pd.DataFrame
    labels: Floats
    scores: Floats
    days: NDArray[np.datetime64]
    keys: Keys
    refused: Mask | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def as_window(self) -> ScoredWindow:
        """All rows, with their days, as one side of a comparison."""
        return ScoredWindow(
            self.applications, self.labels, self.scores, self.keys, days=self.days, refused=self.refused
        )

    def take(self, rows: Mask, *, with_days: bool = False) -> ScoredWindow:
        """The rows where the mask is true, as one side of a comparison.

        Without days, days that both sides hold are no reason for the sides to differ.
        """
        applications, days = self.applications.loc[rows].reset_index(drop=True), self.days[rows]
        refused = None if self.refused is None else self.refused[rows]
        window = ScoredWindow(applications, self.labels[rows], self.scores[rows], self.keys[rows], refused=refused)
        return replace(window, days=days) if with_days else window


def sample_customers(rows: ReferenceRows, seed: int) -> ReferenceRows:
    """All rows, or about 20,000 of them: all of a customer's, as rows that belong together are what is looked for."""
    if len(rows) <= MOST_ROWS:
        return rows
    drawn = draw_groups(rows.keys, MOST_ROWS, np.random.default_rng(seed))
    side = rows.take(drawn)
    return ReferenceRows(side.applications, side.labels, side.scores, rows.days[drawn], rows.keys[drawn], side.refused)
