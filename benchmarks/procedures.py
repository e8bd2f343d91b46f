"""Procedures: who decides about a pair of windows, and what each said.

A tool looks once at a scored pair and answers for one procedure or for several (the same numbers under two sets of
limits). An answer maps each question that raised an alarm to the columns that the alarm names, the first one first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.changes import Pair, is_approved
from benchmarks.scores import Folds
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.expected_auc import estimate_auc
from tasks.drift.model import measure_model_drift
from tasks.extract.labels import read_labels
from tasks.profile.profile import Profile, fit_profile

Raised = dict[Question, tuple[str, ...]]


@dataclass(frozen=True)
class ScoredPair:
    """What every procedure is given: both windows, labelled and scored by models that have not seen the rows."""

    contract: Contract
    reference: pd.DataFrame
    current: pd.DataFrame
    reference_scores: Floats
    current_scores: Floats


Tool = Callable[[ScoredPair], dict[str, Raised]]


def score_pair(contract: Contract, pair: Pair, folds: Folds, random: np.random.Generator) -> ScoredPair:
    """Both windows with the scores of the quick model, which was fitted on the reference."""
    return ScoredPair(contract, pair.reference, pair.current, folds.out_of_fold, folds.score(pair.current, random))


def ask_loanwatch(scored: ScoredPair) -> dict[str, Raised]:
    """The decision code of the pipeline, with its default policy: the profile, the four questions, the alarms."""
    policy, profile = DriftPolicy(), _fit(scored)
    observed = ScoredWindow(scored.current, is_approved(scored.current).astype(float), scored.current_scores)
    comparison = Comparison(profile, observed, policy)
    findings = [*measure_drift(comparison), *measure_model_drift(comparison)]
    return {"loanwatch": list_alarms(findings)}


def list_alarms(findings: Iterable[Finding]) -> Raised:
    """The failed findings, by question, with the columns that they name in the order of the findings."""
    raised: Raised = {}
    for finding in findings:
        if finding.verdict is Verdict.FAIL:
            named = (finding.subject,) if finding.subject else finding.columns
            raised[finding.question] = tuple(dict.fromkeys(raised.get(finding.question, ()) + named))
    return raised


def merge_alarms(earlier: Raised, later: Raised) -> Raised:
    """What two windows in succession raised, what was named earlier first."""
    questions = [question for question in Question if question in earlier or question in later]
    return {name: tuple(dict.fromkeys(earlier.get(name, ()) + later.get(name, ()))) for name in questions}


def _fit(scored: ScoredPair) -> Profile:
    return fit_profile(
        scored.contract,
        ScoredWindow(scored.reference, read_labels(scored.contract, scored.reference), scored.reference_scores),
        origin="out_of_fold",
        seed=0,
    )


def estimate_without_labels(scored: ScoredPair) -> float:
    """The AUC of the current window as it is estimated without its labels."""
    estimate = estimate_auc(_fit(scored), scored.current_scores, DriftPolicy())
    return float("nan") if estimate is None else estimate.now


def measure_shown_auc(scored: ScoredPair) -> float:
    """The AUC that the labels of the current window show."""
    return float(roc_auc_score(is_approved(scored.current), scored.current_scores))
