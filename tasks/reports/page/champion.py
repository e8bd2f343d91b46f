"""The monitored model: its ranking and its calibration, on the reference and in the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from tasks.core.arrays import sample_rows
from tasks.core.policy import PromotionPolicy
from tasks.evaluation.segments import SegmentPerformance, cut_segments, measure_segments
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.model_pictures import Area, draw_areas, draw_calibration, draw_roc
from tasks.reports.page.wording import Record
from tasks.statistics.counted_auc import Auc

REACH = 1.96  # 95 % of a normal distribution
WORST = 8
MOST_ROWS = 100_000  # of more rows a random sample is used for the segments


@dataclass(frozen=True)
class Standing:
    """The champion's AUCs and its pictures."""

    areas: Sequence[Area]
    areas_picture: Markup
    roc: Markup
    calibration: Markup


def describe_standing(summary: Record, evidence: Evidence | None) -> Standing | None:
    """The champion's performance; None where nothing was scored."""
    if evidence is None or summary["champion"] is None:
        return None
    areas = list_areas(summary, evidence)
    has_curve = any(judged.has_both_labels for judged in evidence.judged)
    return Standing(
        areas,
        draw_areas(areas) if areas else Markup(""),
        draw_roc(evidence) if has_curve else Markup(""),
        draw_calibration(evidence) if has_curve else Markup(""),
    )


def list_areas(summary: Record, evidence: Evidence) -> list[Area]:
    """The champion's AUC: on the reference, in the window, there without leak rows, and estimated."""
    areas, comparison = [], evidence.comparison
    if evidence.profile.auc is not None:
        areas.append(_name_area("reference", evidence.profile.auc, "before", evidence.profile.judged))
    if comparison.auc is not None:
        areas.append(_name_area("this window", comparison.auc, "now", len(comparison.judged)))
        areas += _list_without_leak(summary)
    estimated = next((f for f in summary["findings"] if f["check"] == "estimated_auc"), None)
    if estimated and estimated["current"] is not None and evidence.comparison.estimate is not None:
        now, reach = estimated["current"], REACH * evidence.comparison.estimate.now_error
        areas.append(Area("estimated, undecided applications", now, now - reach, min(now + reach, 1.0), "guess"))
    return areas


def _list_without_leak(summary: Record) -> list[Area]:
    """The AUC without the rows whose decision a column reveals; empty where there are none."""
    found = next((f for f in summary["findings"] if f["check"] == "auc_without_leaks"), None)
    if found is None or found["current"] is None:
        return []
    return [Area("without suspected leak rows", found["current"], found["current"], found["current"], "now")]


def _name_area(name: str, area: Auc, style: str, rows: int) -> Area:
    reach = REACH * float(np.sqrt(area.variance))
    return Area(name, area.value, area.value - reach, min(area.value + reach, 1.0), style, rows)


def list_worst_segments(summary: Record, evidence: Evidence | None) -> list[SegmentPerformance]:
    """The segments of the window with the lowest AUC, of those that are large enough."""
    if evidence is None or summary["champion"] is None:
        return []
    observed = evidence.observed.in_full
    labels, scores = observed.labels, observed.scores
    known = np.flatnonzero(~np.isnan(labels) & ~np.isnan(scores))
    known = known[sample_rows(len(known), MOST_ROWS, seed=0)]
    policy = PromotionPolicy.model_validate(summary["policy"]["promotion"])
    segments = cut_segments(evidence.contract, observed.applications.iloc[known])
    return measure_segments(segments, labels[known], scores[known], policy)[:WORST]
