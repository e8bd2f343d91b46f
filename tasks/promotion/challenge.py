"""Challenge: train a challenger where something drifted, compare it with the champion, and promote it or keep that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from tasks.bank.contest import compare_in_banks_terms
from tasks.changes.past_runs import CHANGED
from tasks.changes.regime import Regime
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.files import write_json
from tasks.core.findings import Finding, Outcome
from tasks.core.policy import PromotionPolicy
from tasks.evaluation.approval_by_group import measure_approval
from tasks.evaluation.calibration import measure_calibration_error, measure_reliability
from tasks.evaluation.importance import measure_importance
from tasks.evaluation.performance import measure_performance
from tasks.evaluation.segments import compare_segments, cut_segments
from tasks.evaluation.training_metrics import leave_out
from tasks.foreign.model import ForeignModel, Scorer
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.candidates import Training, train_candidates
from tasks.models.preprocess import Prepared, concatenate
from tasks.models.ripening import read_training_rows
from tasks.models.scoring import score
from tasks.models.train import split_rows
from tasks.promotion.both_cut_offs import BOTH_EVEN, CHALLENGER, CHAMPION, find_cut_offs
from tasks.promotion.compare import Comparison, PromotionDecision, decide_promotion, measure_difference
from tasks.promotion.decide import is_drift_proven
from tasks.promotion.final_fit import refit_challenger
from tasks.promotion.install import Succession, install_champion
from tasks.registry.known_customers import Customers, hash_customers
from tasks.registry.versions import Champion
from tasks.statistics.clusters import find_clusters

DEPLOY_REPORT = "deploy_report.json"


@dataclass(frozen=True)
class TestRows:
    """The test rows of customers that neither model was fitted on, how many were left out, and both models' scores.

    `unscored` more have no score of the lender's own model. `thresholds` are the probabilities from which the models'
    decisions are positive.
    """

    rows: Prepared
    left_out: int
    scores: dict[str, Floats]
    thresholds: Mapping[str, float]
    unscored: int = 0


@dataclass(frozen=True)
class Contest:
    """The comparison, what follows from it, and the record of both (deploy_report.json)."""

    comparison: Comparison
    decision: PromotionDecision
    record: dict[str, Any]


@dataclass(frozen=True)
class ContestResult:
    """What became of a contest: the outcome, the version in production after it, and the new champion, if any."""

    outcome: Outcome
    version: int
    successor: Champion | None = None


@stage("train", lambda training: f"{training.chosen.kind.replace('_', ' ')}, {len(training.fitted_on):,} rows")
def train_challenger(job: Job, champion: Champion, prepared: Prepared, regime: Regime) -> Training:
    """Fit all candidates on the champion's training days, the fit days since, and the window's training days."""
    earlier = read_training_rows(job, champion, regime.earlier)
    split = split_rows(prepared, job.policy.train)
    return train_candidates(job.contract, split, earlier, job.policy.train, regime.rule_since)


@stage("compare", lambda contest: contest.decision.reason)
def compare_with_champion(job: Job, champion: Champion, training: Training, findings: Sequence[Finding]) -> Contest:
    """Compare the chosen challenger once on the test days, and write deploy_report.json."""
    cut_offs = find_cut_offs(job, champion, training)
    thresholds = {name: cut_off.threshold for name, cut_off in cut_offs.items()}
    judged = judge(training, champion.bundle.scorer, champion.bundle.customers, thresholds)
    comparison = measure_comparison(job.contract, job.policy.promotion, training, judged)
    decision = decide_promotion(
        comparison, is_drift_proven(findings), job.policy.train.minimum_test_rows, job.policy.promotion
    )
    objection = find_objection(champion, findings, job.policy.promotion)
    if objection is not None and decision.promote:
        decision = PromotionDecision(False, f"Kept: {decision.reason.removeprefix('Promoted: ')} {objection}")
    elif decision.promote and champion.model.external and not job.policy.promotion.may_replace_external:
        decision = leave_external(champion.model.external["name"], comparison, job.policy.promotion)
    if training.others is not None:
        rests = "Both were compared on loans that were given; of those refused no outcome is known or assumed."
        decision = PromotionDecision(decision.promote, f"{decision.reason} {rests}")
    record = _record(job, champion, training, comparison, decision) | _explain(job, champion, training, judged)
    record |= {"cut_offs": {name: cut_off.as_record() for name, cut_off in cut_offs.items()}}
    write_json(job.results / DEPLOY_REPORT, record)
    return Contest(comparison, decision, record)


def find_objection(champion: Champion, findings: Sequence[Finding], policy: PromotionPolicy) -> str | None:
    """Why nothing may be promoted by this run, however well it compares, if anything.

    With a changed unit in a column or with inverted decisions a challenger beats the champion, until that is corrected.
    """
    if champion.is_replay:
        return "A replay of an earlier window promotes nothing."
    areas = [f.current for f in findings if f.check == "auc" and f.verdict in CHANGED and f.current is not None]
    if areas and min(areas) < policy.least_champion_auc:
        return (
            f"But the champion's AUC in the window is {min(areas):.3f}, worse than chance: typical of decisions that "
            "are recorded the wrong way round. Correct them, or train on them with `python -m flows.train` if they are "
            "right."
        )
    broken = [f for f in findings if f.check == "never_seen" and (f.effect or 0.0) > policy.maximum_never_seen]
    if not broken:
        return None
    worst = max(broken, key=lambda finding: finding.effect or 0.0)
    return (
        f"But {worst.effect:.0%} of the applicants have a value of {worst.subject} that does not occur in the "
        "reference, typical of a changed unit. Correct the column, or train on it with `python -m flows.train` if it "
        "is right."
    )


def leave_external(name: str, comparison: Comparison, policy: PromotionPolicy) -> PromotionDecision:
    """What a challenger that may not take the place of the lender's own model would be worth."""
    low, high = comparison.interval or (0.0, 0.0)
    gain = comparison.difference or 0.0
    interval = f"{policy.confidence:.0%} interval {low:.3f} to {high:.3f}"
    would = (
        f"be better by {gain:.3f} ({interval})" if low > 0 else f"be no worse (AUC difference {gain:+.3f}, {interval})"
    )
    return PromotionDecision(
        False,
        f"Kept: a challenger would {would}. {name} is the lender's own model, and the policy lets no other take its "
        "place (`promotion.may_replace_external`).",
    )


@stage("promote", lambda succeeded: f"{succeeded.outcome}: version {succeeded.version} is in production")
def promote_or_keep(
    job: Job, champion: Champion, training: Training, contest: Contest, regime: Regime
) -> ContestResult:
    """Put the challenger into production where the comparison says so, fitted again on the days that have judged it."""
    if not contest.decision.promote:
        return ContestResult(Outcome.KEPT, champion.model.version)
    trained = refit_challenger(job, champion, training, contest.comparison, regime)
    evidence = hashlib.sha256((job.results / DEPLOY_REPORT).read_bytes()).hexdigest()
    why = (
        f"{contest.decision.reason} Then fitted again in the same way on all {len(trained.fitted_on):,} applications, "
        "those that judged it included."
    )
    succession = Succession(job.window.end + timedelta(days=1), champion.model.version, why, evidence)
    successor = install_champion(job, trained, succession)
    return ContestResult(Outcome.PROMOTED, successor.model.version, successor)


def judge(
    training: Training, champion: Scorer, known: Customers, thresholds: Mapping[str, float] = BOTH_EVEN
) -> TestRows:
    """Both models' scores of the test rows; `known` are the customers that the champion was fitted on.

    Rows without a score of the lender's own model are left out for both.
    """
    rows, left_out = leave_out(training.split.test, hash_customers(training.fitted_on.keys), known)
    unscored = 0
    if isinstance(champion, ForeignModel):
        is_scored = ~np.isnan(score(champion, rows.applications))
        rows, unscored = rows.take(is_scored), int((~is_scored).sum())
    models: dict[str, Scorer] = {CHALLENGER: training.chosen.pipeline, CHAMPION: champion}
    scores = {name: score(model, rows.applications) for name, model in models.items()}
    return TestRows(rows, left_out, scores, thresholds, unscored)


def measure_comparison(contract: Contract, policy: PromotionPolicy, training: Training, judged: TestRows) -> Comparison:
    """Both models on the test days, as a whole and by segment."""
    labels, thresholds = judged.rows.labels, judged.thresholds
    challenger, champion = judged.scores[CHALLENGER], judged.scores[CHAMPION]
    fitted = training.fitted_on
    measured = measure_difference(labels, challenger, champion, policy.confidence, find_clusters(judged.rows.keys))
    segments = cut_segments(contract, judged.rows.applications, judged.rows.keys)
    return Comparison(
        challenger=measure_performance(labels, challenger, thresholds[CHALLENGER]),
        champion=measure_performance(labels, champion, thresholds[CHAMPION]),
        challenger_training=measure_performance(fitted.labels, training.chosen.out_of_fold, thresholds[CHALLENGER]),
        difference=measured[0] if measured else None,
        interval=measured[1] if measured else None,
        left_out=judged.left_out,
        segments=tuple(compare_segments(segments, labels, challenger, champion, policy)),
        unscored=judged.unscored,
    )


def _explain(job: Job, champion: Champion, training: Training, judged: TestRows) -> dict[str, Any]:
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


def _record(
    job: Job, champion: Champion, training: Training, comparison: Comparison, decision: PromotionDecision
) -> dict[str, Any]:
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
