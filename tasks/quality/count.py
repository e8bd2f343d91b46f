"""Counting: one part of a window as counts that merge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.contract.columns import Role
from tasks.contract.contract import Contract
from tasks.core.arrays import Keys, Mask
from tasks.core.windows import Window
from tasks.extract.extract import Extract
from tasks.extract.labels import read_labels
from tasks.quality.column_counts import ColumnCounts
from tasks.quality.count_column import Part, count_column
from tasks.quality.counts import QualityCounts, TimeCounts
from tasks.quality.hashes import add_column, find_copies, hash_column, holds_texts
from tasks.quality.kept_rows import KeptRows, keep_decisions, keep_ids
from tasks.quality.marked import Marked, mark_rows
from tasks.quality.reading_counts import count_reading
from tasks.quality.twins import find_twins

_MOST_MISSING = 0.5  # rows that lack more of the features are equal by chance
_WEEK = 7


def count_quality(
    contract: Contract, extract: Extract, window: Window | None = None, part: int = 0, *, is_share: bool = False
) -> QualityCounts:
    """What the quality checks need of one part of a window, measured once.

    Parameters
    ----------
    contract : Contract
    extract : Extract
        The rows of the part: of some whole days, or of one day and a share of its applications.
    window : Window, optional
        The whole window; without it, no row is outside.
    part : int
        The place of the part in the window's order. The first examples are those of the first parts.
    is_share : bool
        Whether the part is a share of a day, so that a row may be the copy of one in another part.
    """
    return count_at_once(contract, extract, window, part, is_share=is_share).pack()


def count_at_once(
    contract: Contract, extract: Extract, window: Window | None = None, part: int = 0, *, is_share: bool = False
) -> QualityCounts:
    """The same counts, to be judged at once: their ids are those of the frame, and are not packed."""
    rows = Part(contract, extract.applications, part)
    labels = read_labels(contract, rows.applications)
    columns, hashes = _count_columns(rows)
    is_compared = ~np.isnan(labels) & (hashes.present > _MOST_MISSING * len(contract.features))
    copies, whole = _count_copies(rows, hashes.whole, is_share=is_share)
    ids, missing = keep_ids(contract, rows.applications)
    compared, given, features = keep_decisions(labels, hashes.features, is_compared)
    return QualityCounts(
        window,
        len(labels),
        int(np.count_nonzero(labels == 1)),
        int(np.count_nonzero(labels == 0)),
        count_reading(extract, part),
        _count_times(rows, window),
        copies,
        columns,
        find_twins(contract, rows.applications),
        (KeptRows(part, ids, missing, compared, given, features, whole),),
    )


@dataclass(frozen=True, eq=False)
class _Hashes:
    """Of each row: a hash of its features, one of all columns without texts, and how many features it has."""

    features: Keys
    whole: Keys
    present: NDArray[np.int16]


def _count_columns(part: Part) -> tuple[dict[str, ColumnCounts], _Hashes]:
    """All columns, each looked at once."""
    rows, counts = len(part.applications), {}
    features, others = np.zeros(rows, np.uint64), np.zeros(rows, np.uint64)
    present = np.zeros(rows, np.int16)
    for column in part.contract.columns:
        values = part.applications[column.name]
        is_present = values.notna().to_numpy()
        counts[column.name] = count_column(part, column, is_present)
        if column.role is Role.FEATURE:
            add_column(features, hash_column(values))
            present += is_present
        elif not holds_texts(values):
            add_column(others, hash_column(values))
    add_column(others, features)
    return counts, _Hashes(features, others, present)


def _count_copies(part: Part, known: Keys, *, is_share: bool) -> tuple[Marked, Keys | None]:
    """The copies in the part; of a share of a day, the hashes with which they are found among all shares."""
    columns = [column.name for column in part.contract.columns if column is not part.contract.id]
    if not is_share:
        is_copy = find_copies(part.applications, columns, known)
        return mark_rows(part.contract, part.applications, is_copy, part.place), None
    whole = known.copy()
    for name in columns:
        if holds_texts(part.applications[name]):
            add_column(whole, hash_column(part.applications[name]))
    return Marked(), whole


def _count_times(part: Part, window: Window | None) -> TimeCounts:
    times = part.applications[part.contract.time.name]
    days = times.to_numpy("datetime64[D]")
    is_wrong = np.isnat(days)
    if window is None:
        return TimeCounts(mark_rows(part.contract, part.applications, is_wrong, part.place))
    last = np.datetime64(window.end, "D")
    is_after: Mask = ~is_wrong & (times.to_numpy() != days)
    apart = (last - days).astype(np.int64)
    after = np.count_nonzero(is_after & (apart > 0) & (apart % _WEEK == 0))
    is_wrong |= (days < np.datetime64(window.start, "D")) | (days > last)
    wrong = mark_rows(part.contract, part.applications, is_wrong, part.place)
    return TimeCounts(wrong, int(after), int(np.count_nonzero(is_after & (apart == 0))))
