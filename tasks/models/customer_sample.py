"""Customer sample: of a window too large for a frame, the rows that are kept in full, whatever parts it is read in.

Customers are drawn by the hash of their key, all rows of a customer or none: those with the smallest hashes (a bottom-k
sketch: Cohen & Kaplan, PODC 2007). So the sample is the same however the rows are cut, and samples of parts merge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tasks.core.arrays import Integers, Keys, Mask
from tasks.core.policy import TrainPolicy
from tasks.models.preprocess import union_rows

# Another hash than those that choose folds, halves and parts of them.
_SALT = np.uint64(0x9E3779B97F4A7C15)
# Rows are left out once there are so many times too many.
_SLACK = 1.5


def count_sample_rows(policy: TrainPolicy, columns: int) -> int:
    """How many rows of so many columns are kept in full."""
    return min(policy.most_rows, max(policy.most_values // max(columns, 1), policy.minimum_test_rows))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Rows of one part: their values, their places in the part, and the hashes that they are drawn by."""

    frame: pd.DataFrame
    rows: Integers
    marks: Keys

    def take(self, kept: Mask) -> Drawn:
        """The rows where the mask is true."""
        return Drawn(self.frame.loc[kept], self.rows[kept], self.marks[kept])


def draw_customers(frame: pd.DataFrame, keys: Keys, most: int) -> Drawn:
    """About `most` rows of a part, or all of them."""
    marks = pd.util.hash_array(keys ^ _SALT, categorize=False)
    drawn = Drawn(frame.reset_index(drop=True), np.arange(len(keys)), marks)
    return drawn.take(marks <= _find_limit(marks, most)) if len(keys) > most else drawn


@dataclass(eq=False)
class CustomerSample:
    """The rows of some customers of all parts, about `most` of them. Parts may come in any order."""

    most: int
    _drawn: dict[int, Drawn] = field(default_factory=dict)

    def add(self, place: int, drawn: Drawn) -> None:
        """The rows of a part, by its place in the window."""
        self._drawn[place] = drawn
        if self._count() > _SLACK * self.most:
            self._leave_out()

    def finish(self, starts: Mapping[int, int]) -> tuple[pd.DataFrame, Integers]:
        """The rows in the window's order, and their places in it; `starts` says where each part begins."""
        self._leave_out()
        parts = sorted(self._drawn)
        frames = [self._drawn[part].frame for part in parts]
        frame = union_rows(frames) if len(frames) > 1 else frames[0].reset_index(drop=True)
        return frame, np.concatenate([starts[part] + self._drawn[part].rows for part in parts])

    def _count(self) -> int:
        return sum(len(drawn.rows) for drawn in self._drawn.values())

    def _leave_out(self) -> None:
        if self._count() > self.most:
            limit = _find_limit(np.concatenate([drawn.marks for drawn in self._drawn.values()]), self.most)
            self._drawn = {place: drawn.take(drawn.marks <= limit) for place, drawn in self._drawn.items()}


def _find_limit(marks: Keys, most: int) -> np.uint64:
    """Up to which hash rows are kept; equal ones are of one customer."""
    return np.uint64(np.partition(marks, most - 1)[most - 1])
