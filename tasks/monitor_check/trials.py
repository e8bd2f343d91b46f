"""Trials: a window split at random, a change planted in one half, and the verdicts on it.

One model is fitted on the window, as a challenger would be; in both halves every row is scored by the fold that was
fitted without its customer. The halves hold different customers.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Keys, Mask, sample_rows
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy, Kind, MonitorPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.models.preprocess import prepare
from tasks.models.scoring import score_by_fold
from tasks.models.train import fit_candidate
from tasks.monitor_check.planted_changes import Change, Planted
from tasks.profile.profile import fit_profile
from tasks.quality.repeated_customers import find_repeated_customers

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# More rows would change the result little and take longer.
MOST_ROWS = 20_000
_TRIALS_PER_BATCH = 10


@dataclass(frozen=True)
class Ground:
    """The common input of all trials: the window, its labels, customer keys, out-of-sample scores, and the model."""

    contract: Contract
    policy: DriftPolicy
    applications: pd.DataFrame
    labels: Floats
    keys: Keys
    scores: Floats
    pipeline: Pipeline


@dataclass(frozen=True)
class Trial:
    """One trial: the questions that raised an alarm, and whether they name the changed column."""

    change: str
    raised: frozenset[Question]
    is_expected: bool
    is_named: bool | None


def prepare_ground(contract: Contract, applications: pd.DataFrame, policy: MonitorPolicy) -> Ground:
    """Fit the model on the window's decided rows and score all rows out of sample.

    Of more than 20,000 applications a random sample is used. Raises TrainingError where too few are decided.
    """
    rows = sample_rows(len(applications), MOST_ROWS, policy.drift.seed)
    applications = applications.iloc[rows].reset_index(drop=True)
    told_by = find_repeated_customers(contract, applications, policy.drift.seed)
    prepared = prepare(contract, applications, told_by)
    pipeline = fit_candidate(contract, Kind.GRADIENT_BOOSTING, prepared, policy.train).pipeline
    scores = score_by_fold(pipeline, prepared.applications, prepared.keys)
    return Ground(contract, policy.drift, applications, prepared.labels, prepared.keys, scores, pipeline)


def run_trials(ground: Ground, plan: Sequence[tuple[Change, int]], processes: int) -> Iterator[list[Trial]]:
    """Run the planned number of trials of each change, in batches; none for a change that the columns do not allow.

    All random numbers depend only on the policy's seed, the change and the number of the trial.
    """
    from joblib import Parallel, delayed, parallel_config

    batches = [
        (change, range(first, min(first + _TRIALS_PER_BATCH, count)))
        for change, count in plan
        for first in range(0, count, _TRIALS_PER_BATCH)
    ]
    with parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size=1)
        yield from parallel(delayed(_run_batch)(ground, change, numbers) for change, numbers in batches)


def _run_batch(ground: Ground, change: Change, numbers: range) -> list[Trial]:
    trials = (run_trial(ground, change, number) for number in numbers)
    return [trial for trial in trials if trial is not None]


def run_trial(ground: Ground, change: Change, number: int) -> Trial | None:
    """Compare a random half of the customers, changed, with the other half."""
    random = np.random.default_rng([ground.policy.seed, zlib.crc32(change.name.encode()), number])
    customers, place = np.unique(ground.keys, return_inverse=True)
    is_current = (random.permutation(len(customers)) < len(customers) // 2)[place]
    window = Planted(ground.applications[is_current].reset_index(drop=True), ground.labels[is_current])
    planted = change.plant(ground.contract, window, random)
    if planted is None:
        return None
    findings = _decide(ground, ~is_current, planted, ground.keys[is_current])
    alarms = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    raised = frozenset(finding.question for finding in alarms)
    named = {name for finding in alarms for name in (finding.subject, *finding.columns)}
    is_expected = bool(raised & set(change.expected))
    return Trial(change.name, raised, is_expected, planted.column in named if planted.column and is_expected else None)


def _decide(ground: Ground, is_reference: Mask, planted: Planted, keys: Keys) -> list[Finding]:
    applications = ground.applications[is_reference].reset_index(drop=True)
    reference = ScoredWindow(
        applications, ground.labels[is_reference], ground.scores[is_reference], ground.keys[is_reference]
    )
    features = planted.applications[[column.name for column in ground.contract.features]]
    observed = ScoredWindow(planted.applications, planted.labels, score_by_fold(ground.pipeline, features, keys), keys)
    return compare_sides(ground.contract, ground.policy, reference, observed)


def compare_sides(
    contract: Contract, policy: DriftPolicy, reference: ScoredWindow, observed: ScoredWindow
) -> list[Finding]:
    """Everything that a run would say of drift, were one side the reference and the other its window."""
    profile = fit_profile(contract, reference, origin="out_of_fold", seed=policy.seed)
    comparison = Comparison(profile, observed, policy)
    return [*measure_drift(comparison), *measure_model_drift(comparison)]
