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
from tasks.core.arrays import Floats, Integers, Mask
from tasks.core.policy import Kind, TrainPolicy
from tasks.models.budget import draw_for_work
from tasks.models.estimators import build_fold, join_folds
from tasks.models.features import RECENT, build_preprocessor
from tasks.models.fitted_steps import list_owners
from tasks.models.out_of_fold import score_fold_rows
from tasks.models.preprocess import Prepared
from tasks.models.progress import Progress
from tasks.models.scoring import assign_folds
from tasks.models.screening import choose_side, screen_columns
from tasks.models.widen import widen_fold


@dataclass(frozen=True, eq=False)
class Encoded:
    """Labelled rows as the matrix that all their models are fitted on, and the fitted preprocessing that made it.

    With `marks_recent` one of its features says which rows came since a change of the rule. Of a wide table `sides`
    are the places of the columns that the models of either side's folds may use; empty where all may use all.
    """

    training: Prepared
    matrix: Floats
    preprocessing: Pipeline
    marks_recent: bool
    folds: int
    sides: tuple[Integers, ...] = ()


@dataclass(frozen=True, eq=False)
class _Task:
    """A fold to be fitted: the rows that are held, and those that may be fitted on."""

    kind: Kind
    fold: int
    is_held: Mask
    is_drawn: Mask


def encode(
    contract: Contract, training: Prepared, policy: TrainPolicy, count: int, since: date | None = None
) -> Encoded:
    """The preprocessing fitted on labelled rows, and their matrix, for so many folds."""
    marks_recent = since is not None
    screened = screen_columns(contract, training, policy, count, marks_recent=marks_recent)
    only = None if screened is None else screened.either
    applications = training.applications
    if since is not None:
        marks = pd.Series(training.is_since(since).astype(float), applications.index, name=RECENT)
        applications = pd.concat([applications, marks], axis=1)
    preprocessing = build_preprocessor(contract, policy.scaling, marks_recent=marks_recent, only=only)
    matrix = preprocessing.fit_transform(applications)
    sides: tuple[Integers, ...] = ()
    if screened is not None:
        sides = tuple(_place_features(preprocessing, {*side, RECENT}) for side in screened.sides)
    return Encoded(training, matrix, preprocessing, marks_recent, count, sides)


def _place_features(preprocessing: Pipeline, features: set[str]) -> Integers:
    """The places of the matrix's columns that these features make."""
    return np.flatnonzero([owner in features for owner in list_owners(preprocessing)])


def fit_folds(rows: Encoded, kinds: Sequence[Kind], policy: TrainPolicy) -> list[tuple[Pipeline, Floats]]:
    """A model of each kind, and for each row the score of the fold that was fitted without it.

    All folds of all kinds run in parallel, so that no core waits for the last fold of a kind. The trees of one forest
    do not: they would add their votes in a different order each time, which changes the last bit.
    """
    folds, count = assign_folds(rows.training.keys, rows.folds), rows.folds
    parallel, progress = Parallel(n_jobs=-1, backend="threading", return_as="generator"), Progress(count)
    width = max(map(len, rows.sides), default=rows.matrix.shape[1])
    drawn = {kind: draw_for_work(kind, policy, rows.training.keys, width) for kind in kinds}
    tasks = [_Task(kind, fold, folds == fold, drawn[kind]) for kind in kinds for fold in range(count)]
    fitted = []
    for task, of_fold in zip(tasks, parallel(delayed(_fit_fold)(rows, task, policy) for task in tasks), strict=True):
        fitted.append(of_fold)
        progress.count(task.kind)
    models = []
    for place in range(0, len(fitted), count):
        of_kind, held = zip(*fitted[place : place + count], strict=True)
        scores = np.empty(len(folds))
        for fold, of_held in enumerate(held):
            scores[folds == fold] = of_held
        models.append((Pipeline([*rows.preprocessing.steps, ("model", join_folds(of_kind))]), scores))
    return models


def _fit_fold(rows: Encoded, task: _Task, policy: TrainPolicy) -> tuple[CalibratedClassifierCV, Floats]:
    """A fold's model, fitted on the other rows, and its scores of the rows held."""
    labels, held = rows.training.labels, np.flatnonzero(task.is_held)
    columns = rows.sides[choose_side(task.fold)] if rows.sides else None
    matrix = rows.matrix if columns is None else rows.matrix[:, columns]
    fold = (np.flatnonzero(~task.is_held & task.is_drawn), held)
    how = {"marks_recent": rows.marks_recent, "is_screened": columns is not None}
    model = build_fold(task.kind, policy, fold, matrix.shape[1], **how)
    model.fit(matrix, labels.astype(int))
    if columns is not None:
        widen_fold(model, columns, rows.matrix.shape[1])
    (calibrated,) = model.calibrated_classifiers_
    return model, score_fold_rows(calibrated, rows.matrix, held, labels, rows.training.keys)
