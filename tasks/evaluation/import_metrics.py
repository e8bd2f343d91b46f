"""The record of a model that was fitted elsewhere: its performance on the days of its reference."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.policy import PromotionPolicy
from tasks.evaluation.approval_by_group import measure_approval
from tasks.evaluation.calibration import measure_calibration_error, measure_reliability
from tasks.evaluation.performance import measure_intervals, measure_performance
from tasks.evaluation.segments import cut_segments, measure_segments
from tasks.models.cut_off import CutOff
from tasks.models.preprocess import Prepared
from tasks.statistics.clusters import find_clusters


def measure_on_reference(
    contract: Contract, policy: PromotionPolicy, rows: Prepared, scores: Floats, cut_off: CutOff
) -> dict[str, Any]:
    """Its figures on labelled rows, as plain JSON values; rows without a score are left out of them.

    `test` is what a model of loanwatch's has on its test days; training rows are not known here.
    """
    known = ~np.isnan(scores)
    scored, scores = rows.take(known), scores[known]
    labels, applications, threshold = scored.labels, scored.applications, cut_off.threshold
    reliability = measure_reliability(labels, scores, policy.confidence)
    segments = measure_segments(cut_segments(contract, applications, scored.keys), labels, scores, policy)
    decisions = {"the lender": labels == 1, "the model": scores >= threshold}
    approval = measure_approval(contract, applications, decisions, policy.confidence)
    clusters = find_clusters(scored.keys)
    return {
        "fitted_rows": len(rows),
        "judged_on": f"{rows.days.min()} to {rows.days.max()}",
        "left_out": 0,
        "cut_off": cut_off.as_record(),
        "tested_at": threshold,
        "training": None,
        "test": asdict(measure_performance(labels, scores, threshold)),
        "confidence": policy.confidence,
        "intervals": measure_intervals(labels, scores, threshold, policy.confidence, clusters),
        "calibration_error": measure_calibration_error(reliability),
        "reliability": [asdict(band) for band in reliability],
        "segments": [asdict(segment) for segment in segments],
        "approval": [asdict(group) for group in approval],
    }
