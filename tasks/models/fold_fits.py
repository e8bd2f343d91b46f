"""Fold fits: the folds of candidates, fitted side by side on one matrix, which all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import Pipeline

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Mask
from tasks.core.policy import Kind, TrainPolicy
from tasks.models.estimators import build_fold, join_folds
from tasks.models.features import RECENT, build_preprocessor
from tasks.models.out_of_fold import score_fold_rows
from tasks.models.preprocess import Prepared
from tasks.models.scoring import assign_folds


@dataclass(frozen=True, eq=False)
class Encoded:
    """Labelled rows as the matrix that all their models are fitted on, and the fitted preprocessing that made it.

    With `marks_recent` one of its features says which rows came since a change of the rule.
    """

    training: Prepared
    matrix: Floats
    preprocessing: Pipeline
    marks_recent: bool


def encode(contract: Contract, training: Prepared, policy: TrainPolicy, since: date | None) -> Encoded:
    """The preprocessing fitted on labelled rows, and their matrix."""
    applications = training.applications
    if since is not None:
        marks = pd.Series(training.is_since(since).astype(float), applications.index, name=RECENT)
        applications = pd.concat([applications, marks], axis=1)
    preprocessing = build_preprocessor(contract, policy.scaling, marks_recent=since is not None)
    return Encoded(training, preprocessing.fit_transform(applications), preprocessing, since is not None)


def fit_folds(rows: Encoded, kinds: Sequence[Kind], count: int, policy: TrainPolicy) -> list[tuple[Pipeline, Floats]]:
    """A model of each kind, and for each row the score of the fold that was fitted without it.

    All folds of all kinds run in parallel, so that no core waits for the last fold of a kind. The trees of one forest
    do not: they would add their votes in a different order each time, which changes the last bit.
    """
    folds = assign_folds(rows.training.keys, count)
    parallel = Parallel(n_jobs=-1, backend="threading")
    fitted = parallel(delayed(_fit_fold)(rows, kind, folds == fold, policy) for kind in kinds for fold in range(count))
    models = []
    for place in range(0, len(fitted), count):
        of_kind, held = zip(*fitted[place : place + count], strict=True)
        scores = np.empty(len(folds))
        for fold, of_fold in enumerate(held):
            scores[folds == fold] = of_fold
        models.append((Pipeline([*rows.preprocessing.steps, ("model", join_folds(of_kind))]), scores))
    return models


def _fit_fold(rows: Encoded, kind: Kind, is_held: Mask, policy: TrainPolicy) -> tuple[CalibratedClassifierCV, Floats]:
    """A fold's model, fitted on the other rows, and its scores of the rows held."""
    labels, fold = rows.training.labels, (np.flatnonzero(~is_held), np.flatnonzero(is_held))
    model = build_fold(kind, policy, fold, rows.matrix.shape[1], marks_recent=rows.marks_recent)
    model.fit(rows.matrix, labels.astype(int))
    (calibrated,) = model.calibrated_classifiers_
    return model, score_fold_rows(calibrated, rows.matrix, fold[1], labels, rows.training.keys)
