"""The deploy report: the record of a contest, with what stands beside the comparison and decides nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from tasks.bank.contest import compare_in_banks_terms
from tasks.evaluation.approval_by_group import measure_approval
from tasks.evaluation.calibration import measure_calibration_error, measure_reliability
from tasks.evaluation.importance import measure_importance
from tasks.job.job import Job
from tasks.models.candidates import Training
from tasks.models.preprocess import Prepared, concatenate
from tasks.promotion.both_cut_offs import CHALLENGER, CHAMPION
from tasks.promotion.compare import Comparison, PromotionDecision
from tasks.promotion.judging import TestRows
from tasks.registry.versions import Champion

DEPLOY_REPORT = "deploy_report.json"


def explain_contest(job: Job, champion: Champion, training: Training, judged: TestRows) -> dict[str, Any]:
    """What stands beside the comparison and decides nothing: calibration, decisions by group, and what changed why."""
    labels, confidence = judged.rows.labels, job.policy.promotion.confidence
    curves = {name: measure_reliability(labels, scores, confidence) for name, scores in judged.scores.items()}
    decisions = {"the lender": labels == 1} | {
        name: scores >= judged.thresholds[name] for name, scores in judged.scores.items()
    }
    approval = measure_approval(job.contract, judged.rows.applications, decisions, confidence)
    rows, split, since = training.rows, training.split, champion.model.reference_since
    is_reference = np.isin(rows.days, split.train.days, invert=True)
    # A champion that knows of a change scores every row as one that came since.
    reference = rows.take(is_reference if since is None else is_reference & rows.is_since(since))
    window = concatenate([split.train, split.validation, split.test])
    importance = measure_importance(
        job.contract, champion.bundle.scorer, reference, window, confidence, job.policy.train.seed
    )
    return {
        "calibration": {
            name: {"error": measure_calibration_error(curve), "reliability": [asdict(band) for band in curve]}
            for name, curve in curves.items()
        },
        "approval": [asdict(group) for group in approval],
        "importance": [asdict(column) for column in importance],
        "bank": compare_in_banks_terms(
            job.contract, labels, judged.scores[CHAMPION], judged.scores[CHALLENGER], judged.thresholds[CHAMPION]
        ),
    }


def record_contest(
    job: Job, champion: Champion, training: Training, comparison: Comparison, decision: PromotionDecision
) -> dict[str, Any]:
    """What the contest has shown and decided, as plain JSON values."""
    split = training.split
    return {
        "schema": "loanwatch.deploy_report/1",
        "job_id": job.job_id,
        "champion_version": champion.model.version,
        "champion_kind": champion.model.kind,
        "champion_external": champion.model.external,
        "kind": str(training.chosen.kind),
        "recipe": str(training.chosen.recipe),
        **comparison.as_record(),
        "candidates": {kind: {"validation_auc": auc} for kind, auc in training.validation_auc.items()},
        "split": {name: _describe_days(getattr(split, name)) for name in ("train", "validation", "test")},
        "promoted": decision.promote,
        "reason": decision.reason,
    }


def _describe_days(rows: Prepared) -> dict[str, Any]:
    if not len(rows):
        return {"rows": 0, "start": None, "end": None}
    return {"rows": len(rows), "start": str(rows.days.min()), "end": str(rows.days.max())}
