"""The share of the positive decision by protected group: a report for people; no run acts on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from tasks.contract.columns import Role
from tasks.contract.contract import Contract
from tasks.core.arrays import Mask
from tasks.evaluation.segments import Segment, cut_segments

FEWEST_ROWS = 30


@dataclass(frozen=True)
class Approval:
    """One group's share of the positive decision, and its ratio to that of the column's largest group.

    `low` and `high` are the ends of the ratio's interval; the largest group's own ratio is 1. `decided_by` is the
    lender, or one of the models.
    """

    column: str
    group: str
    decided_by: str
    rows: int
    rate: float
    ratio: float
    low: float
    high: float


def measure_approval(
    contract: Contract, applications: pd.DataFrame, decisions: Mapping[str, Mask], confidence: float
) -> list[Approval]:
    """The share of the positive decision in every protected group with at least 30 applications, for each decider.

    The interval of a ratio is that of its logarithm (Katz et al. 1978), with half a loan added to each count.
    """
    protected = {column.name for column in contract.columns if column.role is Role.PROTECTED}
    segments = [part for part in cut_segments(contract, applications) if part.column in protected]
    large = [part for part in segments if part.rows.sum() >= FEWEST_ROWS]
    return [
        _measure(part, max(_same_column(large, part), key=lambda other: other.rows.sum()), decider, given, confidence)
        for decider, given in decisions.items()
        for part in large
    ]


def _same_column(segments: list[Segment], part: Segment) -> list[Segment]:
    return [other for other in segments if other.column == part.column]


def _measure(part: Segment, largest: Segment, decider: str, given: Mask, confidence: float) -> Approval:
    rows, base_rows = int(part.rows.sum()), int(largest.rows.sum())
    approved, base_approved = int(given[part.rows].sum()), int(given[largest.rows].sum())
    rate = approved / rows
    if part is largest:
        return Approval(part.column, part.name, decider, rows, rate, 1.0, 1.0, 1.0)
    a, b = (approved + 0.5) / (rows + 0.5), (base_approved + 0.5) / (base_rows + 0.5)
    error = np.sqrt(1 / (approved + 0.5) - 1 / (rows + 0.5) + 1 / (base_approved + 0.5) - 1 / (base_rows + 0.5))
    reach = float(np.exp(scipy.stats.norm.ppf((1 + confidence) / 2) * error))
    return Approval(part.column, part.name, decider, rows, rate, a / b, a / b / reach, a / b * reach)
