"""Training metrics: the record of a new model's performance."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from tasks.core.arrays import Floats
from tasks.evaluation.approval_by_group import measure_approval
from tasks.evaluation.calibration import measure_calibration_error, measure_reliability
from tasks.evaluation.importance import rank_columns
from tasks.evaluation.performance import measure_intervals, measure_performance
from tasks.evaluation.segments import cut_segments, measure_segments
from tasks.job.job import Job
from tasks.models.candidates import Training
from tasks.models.cut_off import CutOff, place_cut_off
from tasks.models.preprocess import Prepared
from tasks.models.scoring import score
from tasks.models.train import Split
from tasks.registry.known_customers import Customers, hash_customers
from tasks.statistics.clusters import find_clusters


def measure_training(job: Job, training: Training, share: float | None = None) -> dict[str, Any]:
    """The selected candidate on the test days and, out of fold, on its own training rows, as plain JSON values.

    A random forest ranks the very rows that it was fitted on almost perfectly, which says nothing about it.
    Test rows of customers in its training rows are excluded. `share` is the champion's share of given loans: see
    `place_cut_off`.
    """
    pipeline, fitted = training.chosen.pipeline, training.fitted_on
    test, left_out = leave_out(training.split.test, hash_customers(fitted.keys))
    scores, held = score(pipeline, test.applications), training.chosen.out_of_fold
    cut_off = place_cut_off(job.contract, job.policy.cut_off, held, share=share)
    return {
        "fitted_rows": len(fitted),
        "judged_on": _describe_test(test, training.split),
        "left_out": left_out,
        **measure_model(job, test, scores, cut_off),
        "importance": [asdict(one) for one in rank_columns(job.contract, pipeline, test, job.policy.train.seed)],
        "training": asdict(measure_performance(fitted.labels, held, cut_off.threshold)),
        "candidates": {kind: {"validation_auc": auc} for kind, auc in training.validation_auc.items()},
    }


def measure_model(job: Job, test: Prepared, scores: Floats, cut_off: CutOff) -> dict[str, Any]:
    """A model on labelled rows that it was not fitted on, each with its score, as plain JSON values."""
    contract, policy = job.contract, job.policy.promotion
    reliability = measure_reliability(test.labels, scores, policy.confidence)
    segments = measure_segments(cut_segments(contract, test.applications, test.keys), test.labels, scores, policy)
    decisions = {"the lender": test.labels == 1, "the model": scores >= cut_off.threshold}
    approval = measure_approval(contract, test.applications, decisions, policy.confidence)
    return {
        "cut_off": cut_off.as_record(),
        "tested_at": cut_off.threshold,
        "test": asdict(measure_performance(test.labels, scores, cut_off.threshold)),
        "confidence": policy.confidence,
        "intervals": measure_intervals(
            test.labels, scores, cut_off.threshold, policy.confidence, find_clusters(test.keys)
        ),
        "calibration_error": measure_calibration_error(reliability),
        "reliability": [asdict(band) for band in reliability],
        "segments": [asdict(segment) for segment in segments],
        "approval": [asdict(group) for group in approval],
    }


def _describe_test(test: Prepared, split: Split) -> str:
    if not len(test):
        return "no days"
    days = f"{test.days.min()} to {test.days.max()}"
    return f"customers drawn at random, as the days cannot part the rows: {days}" if split.by_customer else days


def leave_out(rows: Prepared, *known: Customers) -> tuple[Prepared, int]:
    """The rows whose customer is in no model's training rows, and how many were excluded."""
    is_new = ~np.any([customers.contains(rows.keys) for customers in known], axis=0)
    return rows.take(is_new), int((~is_new).sum())
