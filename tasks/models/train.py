"""Train: fit Random Forest and Gradient Boosting on the training days, with calibrated probabilities.

A model is one scikit-learn pipeline: the preprocessing, then the classifier with its cross-validation folds kept
(`CalibratedClassifierCV(ensemble=True)`). Scoring averages the folds. The drift questions need scores that no row
had a part in fitting: out-of-fold ones for the reference, and for a new row those of one fold (see `score_by_fold`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from blocks.errors import LoanwatchError
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers
from tasks.core.policy import Kind, TrainPolicy
from tasks.models.preprocess import Prepared, concatenate
from tasks.models.scoring import assign_folds, score, score_by_fold

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class TrainingError(LoanwatchError):
    """The training days cannot carry a model."""


@dataclass(frozen=True)
class Candidate:
    """A fitted model, and for each of its training rows the score of the fold that was fitted without that row."""

    kind: Kind
    pipeline: Pipeline
    out_of_fold: Floats


@dataclass(frozen=True)
class Split:
    """Three runs of days, in the order of time: for fitting, for choosing, for judging. Labelled rows only."""

    train: Prepared
    validation: Prepared
    test: Prepared


def split_by_time(prepared: Prepared, policy: TrainPolicy) -> Split:
    """Cut the labelled rows at whole days: the first share of the days fits, the next chooses, the rest judges."""
    first, last = prepared.days.min(), prepared.days.max()
    days = int((last - first).astype(int)) + 1
    age = (prepared.days - first).astype(int)
    train_days = round(days * policy.train_share)
    seen_days = round(days * (policy.train_share + policy.validation_share))
    labelled = prepared.is_labelled
    return Split(
        prepared.take(labelled & (age < train_days)),
        prepared.take(labelled & (age >= train_days) & (age < seen_days)),
        prepared.take(labelled & (age >= seen_days)),
    )


def fit_candidate(contract: Contract, kind: Kind, training: Prepared, policy: TrainPolicy) -> Candidate:
    """Fit one candidate on labelled rows.

    All rows of one customer are in one fold, so that an out-of-fold score never rests on the same customer. The
    preprocessing is fitted once, on all training rows: it sees no label.
    Raises TrainingError where a fold would hold one label only.
    """
    from joblib import parallel_config

    from tasks.models.estimators import build_model, release_folds

    training = training.take(training.is_labelled)
    folds = assign_folds(training.keys, policy.folds)
    _refuse_thin_folds(training, folds, policy)
    splits = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(policy.folds)]
    pipeline = build_model(contract, kind, policy, splits)
    # The folds share the cores, not the trees of one forest: those would add up their votes in a different order, and
    # to a different last bit, each time.
    with parallel_config(backend="threading"):
        pipeline.fit(training.applications, training.labels.astype(int))
    release_folds(pipeline.named_steps["model"], policy.folds)
    return Candidate(kind, pipeline, score_by_fold(pipeline, training.applications, training.keys))


def _refuse_thin_folds(training: Prepared, folds: Integers, policy: TrainPolicy) -> None:
    for label in (0.0, 1.0):
        rarest = np.bincount(folds[training.labels == label], minlength=policy.folds).min()
        if rarest < 2:
            raise TrainingError(
                f"{len(training)} labelled applications are too few to train on: one of {policy.folds} folds holds "
                f"{rarest} of one decision. Choose a longer training window."
            )


@dataclass(frozen=True)
class Training:
    """Both candidates, the one chosen on the validation days, and the days they were made of."""

    chosen: Candidate
    fitted_on: Prepared
    validation_auc: dict[str, float | None]
    split: Split


def train_candidates(contract: Contract, split: Split, earlier: list[Prepared], policy: TrainPolicy) -> Training:
    """Fit both candidates on earlier rows and the training days; the better one on the validation days is chosen.

    Where the validation days hold one decision only, Gradient Boosting is chosen.
    """
    fitted_on = concatenate([*earlier, split.train]) if earlier else split.train
    candidates = [fit_candidate(contract, kind, fitted_on, policy) for kind in Kind]
    auc = {str(candidate.kind): _validate(candidate, split.validation) for candidate in candidates}
    chosen = max(
        candidates, key=lambda candidate: (auc[candidate.kind] or 0.0, candidate.kind is Kind.GRADIENT_BOOSTING)
    )
    return Training(chosen, fitted_on.take(fitted_on.is_labelled), auc, split)


def _validate(candidate: Candidate, validation: Prepared) -> float | None:
    if len(np.unique(validation.labels)) < 2:
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(validation.labels, score(candidate.pipeline, validation.applications)))
