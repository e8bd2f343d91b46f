"""Judge: what the pipeline says of a window, by its own functions and in its order.

Everything that this benchmark needs to know of the pipeline is in this module. The champion is Gradient Boosting on all
decided rows of the reference, as `tasks/promotion/first_champion.py` fits it once it has chosen the kind: the choice
between two kinds is left out, as it takes most of the time and no verdict depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import pandas as pd
from sklearn.pipeline import Pipeline

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.policy import Kind, MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tasks.core.reference_rows import ReferenceRows, sample_customers
from tasks.core.scored_window import ScoredWindow
from tasks.core.self_check import OwnLimit
from tasks.core.windows import Window
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.drift.own_limits import apply_own_limits
from tasks.extract.extract import Extract
from tasks.extract.labels import read_labels
from tasks.models.candidates import train_candidates
from tasks.models.preprocess import Prepared, prepare
from tasks.models.ripening import describe_usual
from tasks.models.scoring import score_by_fold
from tasks.models.train import fit_candidate, split_rows
from tasks.monitor_check.check_champion import count_monthly_rows
from tasks.monitor_check.own_splits import draw_splits
from tasks.monitor_check.self_check import Splits
from tasks.profile.profile import Profile, fit_profile
from tasks.promotion.compare import decide_promotion
from tasks.promotion.decide import decide, is_drift_proven
from tasks.promotion.judging import judge, measure_comparison
from tasks.quality.check import is_fit, measure_quality, require_fit
from tasks.quality.leak_search import measure_leaks
from tasks.quality.leakage import measure_leakage
from tasks.quality.repeated_customers import find_repeated_customers
from tasks.quality.ripeness import Ripeness, find_ripeness
from tasks.registry.known_customers import hash_customers

# A third of the usual time: fewer trees, three folds instead of five, and as many splits of the reference as a laptop
# makes in the time that they have. Everything else is the default policy.
POLICY = MonitorPolicy(
    train=TrainPolicy(boosting_rounds=30, boosting_rate=0.15, folds=3, boosting_large=1_000_000, forest_trees=30),
    self_check=SelfCheckPolicy(splits=30),
)
# The outcome of a run that would train a challenger.
RETRAIN = "retrain"
LEAK_CHECKS = ("leak", "suspicious_auc")


@dataclass(frozen=True, eq=False)
class Champion:
    """What a first run keeps of the reference, and the rows that it was fitted on."""

    contract: Contract
    pipeline: Pipeline
    profile: Profile
    fitted_on: Prepared
    out_of_fold: Floats
    reference: Window
    read_on: date

    @cached_property
    def own_limits(self) -> tuple[OwnLimit, ...]:
        """What splits of the reference have shown: every champion's are made at the end of its first run."""
        rows = self.fitted_on
        reference = ReferenceRows(rows.applications, rows.labels, self.out_of_fold, rows.days, rows.keys)
        monthly = count_monthly_rows(len(reference), self.reference.days)
        sample = sample_customers(reference, POLICY.drift.seed)
        made = tuple(draw_splits(self.contract, POLICY, sample, monthly, clock=lambda: 0.0))
        return Splits(made, POLICY).own_limits


@dataclass(frozen=True, eq=False)
class Judgement:
    """The findings on a window, how the run ends, and the champion's scores (None for an unfit window)."""

    findings: list[Finding]
    outcome: str
    scores: Floats | None

    @property
    def alarms(self) -> list[Finding]:
        """The drift questions' failed findings."""
        failed = (finding for finding in self.findings if finding.verdict is Verdict.FAIL)
        return [finding for finding in failed if finding.question is not Question.QUALITY]

    @property
    def suspected(self) -> list[str]:
        """The columns that are suspected to tell the decision."""
        found = [finding for finding in self.findings if finding.check in LEAK_CHECKS and finding.columns]
        return list(dict.fromkeys(name for finding in found for name in finding.columns))


def train_champion(contract: Contract, applications: pd.DataFrame, reference: Window, read_on: date) -> Champion:
    """The first champion of a reference that was read at the end of the day `read_on`.

    Raises LoanwatchError where the pipeline would.
    """
    require_fit(measure_quality(contract, Extract(applications), POLICY.quality), "Choose other days.")
    told_by = find_repeated_customers(contract, applications, POLICY.drift.seed)
    prepared = prepare(contract, applications, told_by)
    ripeness = find_ripeness(contract, reference, prepared.days, prepared.labels, read_on=read_on)
    prepared = replace(prepared, labels=ripeness.mask(prepared.labels, prepared.days))
    labelled = prepared.take(prepared.is_labelled)
    candidate = fit_candidate(contract, Kind.GRADIENT_BOOSTING, labelled, POLICY.train)
    known = ScoredWindow(
        labelled.applications, labelled.labels, candidate.out_of_fold, labelled.keys, days=labelled.days
    )
    profile = fit_profile(contract, known, origin="out_of_fold", seed=POLICY.drift.seed)
    profile = replace(profile, undecided=ripeness.undecided, told_by=told_by)
    return Champion(contract, candidate.pipeline, profile, labelled, candidate.out_of_fold, reference, read_on)


def search_leaks(contract: Contract, applications: pd.DataFrame) -> Judgement:
    """The leaks of a window, as its quality finds them, and nothing else."""
    labels = read_labels(contract, applications)
    return Judgement(measure_leakage(contract, applications, labels, POLICY.quality), str(Outcome.STABLE), None)


def judge_window(
    champion: Champion, applications: pd.DataFrame, window: Window, *, with_leaks: bool = True
) -> Judgement:
    """Every question about a window, as `flows/monitor.py` asks them.

    The search for leaks, which ends no run, can be left out: it takes half of the time.
    """
    contract = champion.contract
    labels = read_labels(contract, applications)
    leaks = measure_leaks(contract, applications, labels, POLICY.quality) if with_leaks else []
    findings = measure_quality(contract, Extract(applications), POLICY.quality, window, leaks)
    if not is_fit(findings):
        return Judgement(findings, str(Outcome.QUALITY_FAILED), None)
    prepared, ripeness = _prepare_window(champion, applications, window)
    findings += ripeness.findings
    scores = score_by_fold(champion.pipeline, prepared.applications, prepared.keys)
    observed = ScoredWindow(applications, prepared.labels, scores, prepared.keys, ripeness.note, prepared.days)
    comparison = Comparison(champion.profile, observed, POLICY.drift)
    findings = [*findings, *measure_drift(comparison), *measure_model_drift(comparison)]
    if any(finding.verdict is Verdict.FAIL for finding in findings):  # own limits only take alarms back
        findings = apply_own_limits(findings, champion.own_limits, len(applications))
    outcome = decide(findings, POLICY.decision).outcome
    return Judgement(findings, str(outcome or RETRAIN), scores)


def _prepare_window(champion: Champion, applications: pd.DataFrame, window: Window) -> tuple[Prepared, Ripeness]:
    """The rows with the decisions of ripe days only."""
    prepared = prepare(champion.contract, applications, champion.profile.told_by)
    usual = describe_usual(champion.profile)
    read_on = champion.read_on
    ripeness = find_ripeness(champion.contract, window, prepared.days, prepared.labels, usual=usual, read_on=read_on)
    return replace(prepared, labels=ripeness.mask(prepared.labels, prepared.days)), ripeness


def is_promoted(champion: Champion, applications: pd.DataFrame, window: Window, findings: list[Finding]) -> bool:
    """Whether a run that retrains would promote its challenger, as `tasks/promotion/challenge.py` decides it."""
    split = split_rows(_prepare_window(champion, applications, window)[0], POLICY.train)
    training = train_candidates(champion.contract, split, [champion.fitted_on], POLICY.train)
    judged = judge(training, champion.pipeline, hash_customers(champion.fitted_on.keys))
    comparison = measure_comparison(champion.contract, POLICY.promotion, training, judged)
    minimum_rows = POLICY.train.minimum_test_rows
    return decide_promotion(comparison, is_drift_proven(findings), minimum_rows, POLICY.promotion).promote
