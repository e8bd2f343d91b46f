"""Challenge: train a challenger where something drifted, compare it with the champion, and promote it or keep that."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tasks.changes.past_runs import CHANGED
from tasks.changes.regime import Regime
from tasks.core.files import write_json
from tasks.core.findings import Finding, Outcome
from tasks.core.policy import PromotionPolicy
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.candidates import Training, train_candidates
from tasks.models.preprocess import Prepared
from tasks.models.ripening import read_training_rows
from tasks.models.train import split_rows
from tasks.promotion.both_cut_offs import find_cut_offs
from tasks.promotion.compare import Comparison, PromotionDecision, decide_promotion
from tasks.promotion.decide import is_drift_proven
from tasks.promotion.deploy_report import DEPLOY_REPORT, explain_contest, record_contest
from tasks.promotion.final_fit import refit_challenger
from tasks.promotion.install import Succession, install_champion
from tasks.promotion.judging import judge, measure_comparison
from tasks.registry.versions import Champion


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
    split = split_rows(prepared.in_full, job.policy.train)
    return train_candidates(job.contract, split, earlier, job.policy.train, regime.rule_since)


@stage("compare", lambda contest: contest.decision.reason)
def compare_with_champion(job: Job, champion: Champion, training: Training, findings: Sequence[Finding]) -> Contest:
    """Compare the chosen challenger once on the test days, and write deploy_report.json."""
    cut_offs = find_cut_offs(job, champion, training)
    thresholds = {name: cut_off.threshold for name, cut_off in cut_offs.items()}
    judged = judge(training, champion.bundle.scorer, champion.bundle.customers, thresholds)
    comparison = measure_comparison(job.contract, job.policy.promotion, training, judged)
    decision = decide_contest(job, champion, comparison, findings)
    if training.others is not None:
        rests = "Both were compared on loans that were given; of those refused no outcome is known or assumed."
        decision = PromotionDecision(decision.promote, f"{decision.reason} {rests}")
    record = record_contest(job, champion, training, comparison, decision)
    record |= explain_contest(job, champion, training, judged)
    record |= {"cut_offs": {name: cut_off.as_record() for name, cut_off in cut_offs.items()}}
    write_json(job.results / DEPLOY_REPORT, record)
    return Contest(comparison, decision, record)


def decide_contest(
    job: Job, champion: Champion, comparison: Comparison, findings: Sequence[Finding]
) -> PromotionDecision:
    """The promotion rule, unless this run may not promote, or not over the lender's own model."""
    policy = job.policy.promotion
    decision = decide_promotion(comparison, is_drift_proven(findings), job.policy.train.minimum_test_rows, policy)
    if not decision.promote:
        return decision
    objection = find_objection(champion, findings, policy)
    if objection is not None:
        return PromotionDecision(False, f"Kept: {decision.reason.removeprefix('Promoted: ')} {objection}")
    if champion.model.external and not policy.may_replace_external:
        return leave_external(champion.model.external["name"], comparison, policy)
    return decision


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
