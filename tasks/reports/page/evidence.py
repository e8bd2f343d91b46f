"""The data of the report's pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Counts
from tasks.core.scored_window import ScoredWindow
from tasks.drift.comparison import Comparison
from tasks.profile.bins import INTERVALS, Bins
from tasks.profile.profile import Profile
from tasks.statistics.counted_labels import Judged, find_judged


@dataclass(frozen=True)
class Evidence:
    """The champion's reference and the scored window."""

    comparison: Comparison
    contract: Contract

    @property
    def profile(self) -> Profile:
        """What is kept of the reference."""
        return self.comparison.profile

    @property
    def observed(self) -> ScoredWindow:
        """The window."""
        return self.comparison.observed

    @cached_property
    def judged(self) -> tuple[Judged, Judged]:
        """The rows of the reference and of the window with a label and a score."""
        return find_judged(self.profile.labels, self.profile.scores), self.comparison.judged

    @cached_property
    def columns(self) -> dict[str, Pair]:
        """Every feature of the reference with its counts in both windows, by its name."""
        held = self.observed.in_full.applications
        return {
            bins.name: Pair(bins, before, current, held[bins.name])
            for bins, before, current in zip(
                self.profile.columns, self.profile.counts, self.comparison.counts, strict=True
            )
            if bins.name in held
        }


@dataclass(frozen=True, eq=False)
class Pair:
    """One column: the rows of each code in both windows, 0 being missing, and the window's values that are known."""

    bins: Bins
    reference: Counts
    current: Counts
    held: pd.Series

    @property
    def has_values(self) -> bool:
        """Whether both windows hold a value."""
        return bool(self.reference[1:].sum() and self.current[1:].sum())

    @property
    def has_few_values(self) -> bool:
        """Whether every value of a number has an interval of its own."""
        edges = self.bins.edges
        return len(edges) < 2 or (len(edges) <= INTERVALS + 1 and bool(np.nextafter(edges[-2], np.inf) == edges[-1]))

    @property
    def missing(self) -> tuple[float, float]:
        """The share of missing values in the reference and in the window."""
        before, now = (counts[0] / max(counts.sum(), 1) for counts in (self.reference, self.current))
        return float(before), float(now)

    def share(self, code: int) -> tuple[float, float]:
        """The share of a code among the rows with a value, in the reference and in the window."""
        before, now = (counts[code] / max(counts[1:].sum(), 1) for counts in (self.reference, self.current))
        return float(before), float(now)
