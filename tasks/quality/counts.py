"""Quality counts: all that the checks of a window need, made of one part of it at a time, and merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tasks.contract.contract import Contract
from tasks.core.windows import Window
from tasks.quality.column_counts import ColumnCounts
from tasks.quality.kept_rows import Across, KeptRows, look_across
from tasks.quality.marked import Marked
from tasks.quality.reading_counts import ReadingCounts
from tasks.quality.twins import merge_twins


@dataclass(frozen=True)
class TimeCounts:
    """The times of some parts of a window.

    Parameters
    ----------
    wrong
        The rows without a valid time, or with one outside the window.
    after
        The rows after midnight on the earlier days with the weekday of the window's last day.
    after_last
        The rows after midnight on the last day itself.
    """

    wrong: Marked
    after: int = 0
    after_last: int = 0

    def merge(self, other: TimeCounts) -> TimeCounts:
        """Those of both."""
        wrong = self.wrong.merge(other.wrong)
        return TimeCounts(wrong, self.after + other.after, self.after_last + other.after_last)


@dataclass(frozen=True, eq=False)
class QualityCounts:
    """What the checks need of some parts of a window. Only `kept` grows with the rows.

    Parameters
    ----------
    window
        The whole window, whatever days the parts are of.
    rows, given, refused
        The rows, and those with the positive and the negative decision.
    copies
        The rows that equal an earlier one of their part but for the id. A copy has the same time, and so is in the same
        part where a part is of whole days; for the others, see `KeptRows.whole`.
    columns
        By name.
    twins
        For each feature, the place of the first feature that is identical in all rows, or its own.
    kept
        The rows of each part, in the window's order.
    across
        What all rows together show, once no more parts come; `kept` is empty then.
    """

    window: Window | None
    rows: int
    given: int
    refused: int
    reading: ReadingCounts
    times: TimeCounts
    copies: Marked
    columns: Mapping[str, ColumnCounts]
    twins: tuple[int, ...]
    kept: tuple[KeptRows, ...]
    across: Across | None = None

    def merge(self, other: QualityCounts) -> QualityCounts:
        """The counts of the parts of both, in whichever order.

        Raises ValueError where the two are of different windows, have a part in common, or one is settled.
        """
        if self.window != other.window:
            raise ValueError(f"Counts of {self.window} cannot be merged with counts of {other.window}.")
        if self.across or other.across:
            raise ValueError("Counts that are settled know no rows any more. Merge all parts before.")
        parts = [kept.part for kept in (*self.kept, *other.kept)]
        if len(set(parts)) < len(parts):
            raise ValueError("A part would be counted twice. Give each part its place in the window's order.")
        return QualityCounts(
            self.window,
            self.rows + other.rows,
            self.given + other.given,
            self.refused + other.refused,
            self.reading.merge(other.reading),
            self.times.merge(other.times),
            self.copies.merge(other.copies),
            {name: column.merge(other.columns[name]) for name, column in self.columns.items()},
            merge_twins(self.twins, other.twins),
            tuple(sorted((*self.kept, *other.kept), key=lambda kept: kept.part)),
        )

    def pack(self) -> QualityCounts:
        """The same, with what grows with the rows in the memory in which it is kept."""
        return replace(self, kept=tuple(kept.pack() for kept in self.kept))

    @property
    def shown(self) -> Across:
        """What all rows together show."""
        return self.across or look_across(self.kept)

    def settle(self) -> QualityCounts:
        """The same once all parts are merged, without the rows."""
        return replace(self, kept=(), across=self.shown)

    def share(self, rows: int) -> float:
        """So many rows as a share of all."""
        return rows / self.rows


def share_missing(contract: Contract, counts: QualityCounts) -> float | None:
    """The share of missing values over all features, 0 to 1; special and infinite values count as missing.

    None without rows. The same number as `tasks.reports.figures.measure_missing` has of the frame.
    """
    if not counts.rows:
        return None
    unusable = (counts.columns[column.name].count_unusable(counts.rows) for column in contract.features)
    return float(np.mean([counts.share(rows) for rows in unusable]))
