"""A quick model of the reference, which stands for a champion: Gradient Boosting, cross-fitted, with its profile.

Which kind of model it is hardly matters for a verdict, so that a first answer need not wait for a choice of models.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from tasks.compare.sides import Side, Sides
from tasks.core.arrays import Keys
from tasks.core.arrivals import count_arrivals
from tasks.core.policy import Kind, MonitorPolicy, TrainPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.evaluation.performance import measure_performance
from tasks.models.cut_off import place_cut_off
from tasks.models.preprocess import Prepared, prepare
from tasks.models.ripening import describe_usual
from tasks.models.scoring import score_by_fold
from tasks.models.train import fit_candidate
from tasks.profile.profile import Profile, fit_profile
from tasks.quality.repeated_customers import find_repeated_customers
from tasks.quality.ripeness import Ripeness, Usual, find_ripeness

# A third of the usual time: fewer trees that learn faster, and three folds instead of five.
QUICK = TrainPolicy(boosting_rounds=30, boosting_rate=0.15, folds=3, boosting_large=1_000_000)


@dataclass(frozen=True, eq=False)
class QuickModel:
    """The model, what is kept of its reference, and how well it does on the rows that it was fitted on.

    `pipeline` is None where the tables have no target: then nothing is scored.
    """

    pipeline: Pipeline | None
    profile: Profile
    training: dict[str, Any]


def choose_training(policy: MonitorPolicy) -> TrainPolicy:
    """The quick settings, unless the policy has its own."""
    return QUICK if policy.train == TrainPolicy() else policy.train


def fit_quick_model(sides: Sides, policy: MonitorPolicy) -> QuickModel:
    """Fit the model on the decided rows of the reference; without a target its profile is of all rows.

    Raises TrainingError where no row of the reference has a decision that counts yet.
    """
    contract, reference, seed = sides.contract, sides.reference, policy.drift.seed
    told_by = find_repeated_customers(contract, reference.applications, seed)
    if not sides.has_target:
        rows, scores = prepare(contract, reference.applications, told_by), np.full(len(reference.applications), 0.5)
        return QuickModel(None, _fit_profile(sides, rows, scores, seed), {})
    rows, ripeness = keep_ripe(sides, reference, prepare(contract, reference.applications, told_by))
    labelled = rows.take(rows.is_labelled)
    fitted = fit_candidate(contract, Kind.GRADIENT_BOOSTING, labelled, choose_training(policy))
    profile = replace(_fit_profile(sides, labelled, fitted.out_of_fold, seed), undecided=ripeness.undecided)
    given = float(np.mean(labelled.labels == contract.is_positive_good))
    cut_off = place_cut_off(contract, policy.cut_off, profile.scores, share=given)
    measured = measure_performance(labelled.labels, fitted.out_of_fold, cut_off.threshold)
    return QuickModel(fitted.pipeline, profile, asdict(measured))


def score_side(sides: Sides, model: QuickModel) -> tuple[ScoredWindow, Keys, Ripeness | None]:
    """The window with its labels and the model's scores, its customers, and which of its days are ripe, if any."""
    rows = prepare(sides.contract, sides.window.applications, model.profile.told_by)
    if model.pipeline is None:
        scored = np.full(len(rows), 0.5)
        return _describe(sides, rows, scored, ""), rows.keys, None
    rows, ripeness = keep_ripe(sides, sides.window, rows, describe_usual(model.profile))
    scored = score_by_fold(model.pipeline, rows.applications, rows.keys)
    return _describe(sides, rows, scored, ripeness.note), rows.keys, ripeness if sides.has_days else None


def keep_ripe(sides: Sides, side: Side, rows: Prepared, usual: Usual | None = None) -> tuple[Prepared, Ripeness]:
    """The rows with the decisions of their ripe days only; all of them where the tables have no days."""
    if not sides.has_days:
        return rows, Ripeness(side.days, side.days.end, None, int(np.isnan(rows.labels).sum()))
    ripeness = find_ripeness(sides.contract, side.days, rows.days, rows.labels, usual=usual, read_on=sides.last_day)
    return replace(rows, labels=ripeness.mask(rows.labels, rows.days)), ripeness


def _describe(sides: Sides, rows: Prepared, scores: Any, note: str) -> ScoredWindow:
    days = rows.days if sides.has_days else None
    return ScoredWindow(sides.window.applications, rows.labels, scores, rows.keys, note, days)


def _fit_profile(sides: Sides, rows: Prepared, scores: Any, seed: int) -> Profile:
    days = rows.days if sides.has_days else None
    known = ScoredWindow(rows.applications, rows.labels, scores, rows.keys, days=days)
    profile = fit_profile(sides.contract, known, origin="out_of_fold", seed=seed)
    arrivals = count_arrivals([sides.reference.days], rows.days) if sides.has_days else None
    return replace(profile, told_by=rows.told_by, arrivals=arrivals)
