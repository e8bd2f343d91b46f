"""Segments: a model's performance in groups of applications, the worst first.

A segment is one category, a band of a number (a quarter of the applications), or the missing values of a column.
Protected columns have segments too, though no model uses them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
import scipy

from tasks.contract.columns import Column, Role
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Keys, Mask
from tasks.core.policy import PromotionPolicy
from tasks.extract.cleaning import clean_column
from tasks.statistics.auc import compare_paired_auc, measure_auc
from tasks.statistics.clusters import ALONE, Clusters, find_clusters
from tasks.statistics.proportions import correct_by_holm

BANDS = 4
FEWEST_OF_EACH = 10  # rows of each label, below which the AUC's interval is unreliable
MISSING = "missing"


@dataclass(frozen=True, eq=False)
class Segment:
    """A group of applications: the column, the group's name, a mask, and which of its rows are of one customer."""

    column: str
    name: str
    rows: Mask
    clusters: Clusters = ALONE


@dataclass(frozen=True)
class SegmentPerformance:
    """A model in one segment. `rate` is the share of positive labels; `low` and `high` are the ends of the AUC's
    interval.
    """

    column: str
    segment: str
    rows: int
    rate: float
    auc: float
    low: float
    high: float


@dataclass(frozen=True)
class SegmentComparison:
    """Challenger less champion in one segment, in AUC. `p_value` (Holm) is for a loss within the limit."""

    column: str
    segment: str
    rows: int
    champion_auc: float
    challenger_auc: float
    difference: float
    low: float
    high: float
    p_value: float
    is_proven_worse: bool


def cut_segments(contract: Contract, applications: pd.DataFrame, keys: Keys | None = None) -> list[Segment]:
    """Every segment of the features and protected columns that the frame has, in the contract's order.

    `keys` are the rows' customers; without them every row stands alone.
    """
    columns = [column for column in contract.columns if column.role in (Role.FEATURE, Role.PROTECTED)]
    return [
        segment if keys is None else replace(segment, clusters=find_clusters(keys[segment.rows]))
        for column in columns
        if column.name in applications
        for segment in _cut(column, clean_column(column, applications[column.name]))
    ]


def measure_segments(
    segments: list[Segment], labels: Floats, scores: Floats, policy: PromotionPolicy
) -> list[SegmentPerformance]:
    """The model's AUC in each segment with enough rows, the worst first. All rows are labelled."""
    reach = _find_reach(policy.confidence)
    measured = []
    for segment in _keep_large(segments, labels, policy.segment_rows):
        auc = measure_auc(labels[segment.rows], scores[segment.rows], segment.clusters)
        ends = auc.value - reach * auc.variance**0.5, auc.value + reach * auc.variance**0.5
        rows, rate = int(segment.rows.sum()), float(labels[segment.rows].mean())
        low, high = max(0.0, ends[0]), min(1.0, ends[1])
        measured.append(SegmentPerformance(segment.column, segment.name, rows, rate, auc.value, low, high))
    return sorted(measured, key=lambda performance: performance.auc)


def compare_segments(
    segments: list[Segment], labels: Floats, challenger: Floats, champion: Floats, policy: PromotionPolicy
) -> list[SegmentComparison]:
    """Both models in each segment with enough rows, the challenger's greatest loss first.

    A loss of more than `segment_loss` is tested by a one-sided paired DeLong test, corrected by Holm over the segments.
    """
    large = _keep_large(segments, labels, policy.segment_rows)
    measured = [
        compare_paired_auc(
            labels[part.rows], challenger[part.rows], champion[part.rows], policy.confidence, part.clusters
        )
        for part in large
    ]
    chances = correct_by_holm(np.array([_chance_of_loss(ends, policy) for ends in measured]))
    compared = [
        SegmentComparison(
            part.column,
            part.name,
            int(part.rows.sum()),
            measure_auc(labels[part.rows], champion[part.rows]).value,
            measure_auc(labels[part.rows], challenger[part.rows]).value,
            *ends,
            float(chance),
            bool(chance < policy.segment_level),
        )
        for part, ends, chance in zip(large, measured, chances, strict=True)
    ]
    return sorted(compared, key=lambda comparison: comparison.difference)


def _chance_of_loss(ends: tuple[float, float, float], policy: PromotionPolicy) -> float:
    """The p-value of the hypothesis that the challenger loses at most `segment_loss`."""
    difference, low, high = ends
    excess = difference + policy.segment_loss
    error = (high - low) / 2 / _find_reach(policy.confidence)
    if error == 0:
        return float(excess >= 0)
    return float(scipy.stats.norm.cdf(excess / error))


def _find_reach(confidence: float) -> float:
    return float(scipy.stats.norm.ppf((1 + confidence) / 2))


def _keep_large(segments: list[Segment], labels: Floats, minimum_rows: int) -> list[Segment]:
    def is_large(segment: Segment) -> bool:
        rows, positive = int(segment.rows.sum()), int(labels[segment.rows].sum())
        # A segment of all rows is the whole, which is tested anyway.
        return minimum_rows <= rows < len(labels) and FEWEST_OF_EACH <= positive <= rows - FEWEST_OF_EACH

    return [segment for segment in segments if is_large(segment)]


def _cut(column: Column, values: pd.Series) -> list[Segment]:
    is_missing = values.isna().to_numpy()
    parts = _cut_bands(values.to_numpy(float)) if column.type == "number" else _cut_categories(values)
    return [Segment(column.name, name, rows) for name, rows in [*parts, (MISSING, is_missing)] if rows.any()]


def _cut_categories(values: pd.Series) -> list[tuple[str, Mask]]:
    return [(str(value), (values == value).to_numpy()) for value in sorted(values.dropna().unique())]


def _cut_bands(values: Floats) -> list[tuple[str, Mask]]:
    known = values[~np.isnan(values)]
    if not len(known):
        return []
    edges = np.unique(np.quantile(known, np.arange(1, BANDS) / BANDS, method="lower"))
    if edges[-1] == known.max():
        edges = edges[:-1]
    if not len(edges):
        return [("all", ~np.isnan(values))]
    limits = [f"{edge:,.6g}" for edge in edges]
    names = [f"up to {limits[0]}", *(f"above {a} up to {b}" for a, b in pairwise(limits))]
    band = np.searchsorted(edges, values, side="left")
    known_rows = ~np.isnan(values)
    return [(name, known_rows & (band == place)) for place, name in enumerate([*names, f"above {limits[-1]}"])]
