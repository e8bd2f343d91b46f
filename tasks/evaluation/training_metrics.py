"""Training metrics: what is on record of a model when it is made."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from tasks.evaluation.approval_by_group import measure_approval
from tasks.evaluation.calibration import measure_calibration_error, measure_reliability
from tasks.evaluation.performance import measure_intervals, measure_performance
from tasks.evaluation.segments import cut_segments, measure_segments
from tasks.job.job import Job
from tasks.models.preprocess import Prepared
from tasks.models.scoring import DECISION_THRESHOLD, score
from tasks.models.train import Training
from tasks.registry.known_customers import Customers, hash_customers


def measure_training(job: Job, training: Training) -> dict[str, Any]:
    """The chosen candidate on the judging days and on its own training rows, as plain JSON values.

    Judging rows of customers that it was fitted on are left out.
    """
    contract, policy = job.contract, job.policy.promotion
    pipeline, fitted = training.chosen.pipeline, training.fitted_on
    judged, left_out = leave_out(training.split.test, hash_customers(fitted.keys))
    scores = score(pipeline, judged.applications)
    reliability = measure_reliability(judged.labels, scores, policy.confidence)
    segments = measure_segments(cut_segments(contract, judged.applications), judged.labels, scores, policy)
    decisions = {"the lender": judged.labels == 1, "the model": scores >= DECISION_THRESHOLD}
    approval = measure_approval(contract, judged.applications, decisions, policy.confidence)
    return {
        "fitted_rows": len(fitted),
        "judged_on": f"{judged.days.min()} to {judged.days.max()}" if len(judged) else "no days",
        "left_out": left_out,
        "test": asdict(measure_performance(judged.labels, scores)),
        "confidence": policy.confidence,
        "intervals": measure_intervals(judged.labels, scores, DECISION_THRESHOLD, policy.confidence),
        "training": asdict(measure_performance(fitted.labels, score(pipeline, fitted.applications))),
        "candidates": {kind: {"validation_auc": auc} for kind, auc in training.validation_auc.items()},
        "calibration_error": measure_calibration_error(reliability),
        "reliability": [asdict(band) for band in reliability],
        "segments": [asdict(segment) for segment in segments],
        "approval": [asdict(group) for group in approval],
    }


def leave_out(rows: Prepared, *known: Customers) -> tuple[Prepared, int]:
    """The rows whose customer none of the models was fitted on, and how many were left out."""
    is_new = ~np.any([customers.contains(rows.keys) for customers in known], axis=0)
    return rows.take(is_new), int((~is_new).sum())
