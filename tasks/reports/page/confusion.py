"""The confusion matrix: what the model decides at its cut-off beside what was recorded, before and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.core.wording import format_share, shorten
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.wording import Record
from tasks.statistics.counted_labels import Judged


@dataclass(frozen=True)
class Cell:
    """One of the four: what the model says, what was recorded, and how many applications that are, before and now."""

    model: str
    recorded: str
    is_agreed: bool
    reference: str
    reference_share: str
    window: str
    window_share: str


@dataclass(frozen=True)
class Confusion:
    """What the template shows: the cut-off, the four cells, and the share on which model and record agree."""

    threshold: str
    cells: Sequence[Cell]
    agreed: tuple[str, str]


def show_confusion(summary: Record, evidence: Evidence | None) -> Confusion | None:
    """The matrix of a run; None without a cut-off, or where one of the windows has no decided and scored row."""
    cut_off = summary.get("cut_off")
    if evidence is None or not cut_off:
        return None
    if not all(len(judged) for judged in evidence.judged):
        return None
    counts = [count_cells(judged, cut_off["threshold"]) for judged in evidence.judged]
    names = (shorten(evidence.contract.positive), shorten(evidence.contract.negative))
    cells = []
    for place, (said, recorded) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        told = [(f"{side[place]:,}", format_share(side[place] / sum(side))) for side in counts]
        cells.append(Cell(names[said], names[recorded], said == recorded, *told[0], *told[1]))
    agreed = [format_share((side[0] + side[3]) / sum(side)) for side in counts]
    return Confusion(f"{cut_off['threshold']:.4g}", cells, (agreed[0], agreed[1]))


def count_cells(judged: Judged, threshold: float) -> tuple[int, int, int, int]:
    """How many applications the model and the record call positive: both, the model only, the record only, neither."""
    labels, says = judged.labels == 1, judged.scores >= threshold
    both, model = int(np.sum(says & labels)), int(np.sum(says & ~labels))
    return both, model, int(np.sum(labels & ~says)), int(np.sum(~labels & ~says))
