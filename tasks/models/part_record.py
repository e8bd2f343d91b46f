"""Part record: everything that is measured of one part of a window, small enough to be sent, and how records merge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from tasks.contract.contract import Contract
from tasks.core.memory import PARTS_TO_RELEASE, release_memory
from tasks.core.windows import Window
from tasks.extract.extract import Extract
from tasks.models.customer_sample import CustomerSample, Drawn, draw_customers
from tasks.models.part_rows import PartRows, join_rows, measure_rows
from tasks.quality.count import count_quality
from tasks.quality.counts import QualityCounts
from tasks.registry.versions import Champion


@dataclass(frozen=True)
class Reading:
    """A window as it was read, and the counts of its quality; None where it was read at once.

    With counts, the faults found in reading are in them, and not in the extract.
    """

    extract: Extract
    counts: QualityCounts | None = None
    parts: int = 1

    def __str__(self) -> str:
        """For the journal."""
        said = f"{len(self.extract):,} applications"
        if self.parts > 1:
            said += f" in {self.parts} parts"
        kept = len(self.extract.applications)
        return said if kept == len(self.extract) else f"{said}, {kept:,} of them kept in full"


@dataclass(frozen=True, eq=False)
class PartRecord:
    """What was measured of the part at a place of the window."""

    place: int
    counts: QualityCounts
    rows: PartRows
    drawn: Drawn


@dataclass(frozen=True, eq=False)
class Task:
    """What is measured of each part of a window: by which contract and champion, and how many rows are kept in full."""

    contract: Contract
    window: Window
    champion: Champion | None
    kept_rows: int


def measure_part(task: Task, part: Extract) -> PartRecord:
    """The record of one part."""
    rows = measure_rows(task.contract, part.applications, task.champion)
    is_share = part.is_share or task.contract.parts is None
    return PartRecord(
        part.place,
        count_quality(task.contract, part, task.window, part=part.place, is_share=is_share),
        rows,
        draw_customers(part.applications, rows.keys, task.kept_rows),
    )


def merge_records(task: Task, records: Iterable[PartRecord]) -> Reading:
    """The whole window. The records may come in any order, and what is no longer needed of them is released.

    Where every row is kept in full, the window is one that was read at once.
    """
    sample, rows, counts = CustomerSample(task.kept_rows), dict[int, PartRows](), list[QualityCounts]()
    for record in records:
        sample.add(record.place, record.drawn)
        rows[record.place] = record.rows
        counts.append(record.counts)
        del record
        if len(rows) % PARTS_TO_RELEASE == 0:
            release_memory()
    release_memory()
    settled = reduce(QualityCounts.merge, counts).settle()
    counts.clear()
    places = sorted(rows)
    ends = np.cumsum([len(rows[place].days) for place in places]).tolist()
    frame, kept = sample.finish(dict(zip(places, [0, *ends], strict=False)))
    whole = join_rows(rows, kept, task.champion) if len(frame) < ends[-1] else None
    release_memory()
    return Reading(Extract(frame, whole=whole), settled, len(places))
