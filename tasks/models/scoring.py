"""Scoring: the probability of the positive label, and the resulting decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.foreign.model import ForeignModel, Scorer
from tasks.models.tree_tables import add_trees, can_tabulate

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


# Rows that are scored at once: their matrix takes some 40 MB.
CHUNK_ROWS = 100_000
# From about this many rows on, making the tables of small trees saves more time than it costs.
TABLE_ROWS = 10_000


def score(model: Scorer, applications: pd.DataFrame) -> Floats:
    """The probability of the positive label, the average of the folds: one number of 0 to 1 per row.

    NaN where a foreign model has none.
    """
    if isinstance(model, ForeignModel):
        return model.score(applications)
    from tasks.models.large_matrix import make_matrix

    pipeline: Pipeline = model
    scores = np.empty(len(applications))
    models = pipeline.named_steps["model"].calibrated_classifiers_
    for part in cut_rows(len(applications)):
        matrix = make_matrix(pipeline[:-1], applications.iloc[part])
        # The sum and the quotient of `CalibratedClassifierCV.predict_proba`, in its order: the same to the last bit.
        scores[part] = sum((score_fold(model, matrix) for model in models), np.zeros(len(matrix))) / len(models)
    return scores


def score_by_fold(model: Scorer, applications: pd.DataFrame, keys: NDArray[np.uint64]) -> Floats:
    """The probability of the positive label by one fold's model per row: the fold of the customer.

    That fold's model was fitted without the customer, so the scores of training rows and of new rows are both out of
    sample, and can be compared. A foreign model has no folds, and its reference no training rows.
    """
    if isinstance(model, ForeignModel):
        return model.score(applications)
    from tasks.models.large_matrix import make_matrix

    pipeline: Pipeline = model
    scores = np.empty(len(applications))
    for part in cut_rows(len(applications)):
        matrix = make_matrix(pipeline[:-1], applications.iloc[part])
        scores[part] = score_matrix_by_fold(pipeline, matrix, keys[part])
    return scores


def score_matrix_by_fold(pipeline: Pipeline, matrix: Floats, keys: NDArray[np.uint64]) -> Floats:
    """The same of rows that are encoded already."""
    scores = np.empty(len(matrix))
    fitted = pipeline.named_steps["model"].calibrated_classifiers_
    folds = assign_folds(keys, len(fitted))
    for fold, one in enumerate(fitted):
        rows = np.flatnonzero(folds == fold)
        if len(rows):
            scores[rows] = score_fold(one, matrix[rows])
    return scores


def score_fold(model: Any, matrix: Floats) -> Floats:
    """One fold's calibrated probability of the positive label, as `model.predict_proba` gives it, and faster."""
    boosting = model.estimator
    trees = [tree for (tree,) in getattr(boosting, "_predictors", ())]
    if not trees or len(matrix) < TABLE_ROWS or not can_tabulate(trees):
        return np.asarray(model.predict_proba(matrix)[:, 1])
    log_odds = np.full(len(matrix), boosting._baseline_prediction.item())
    add_trees(trees, matrix, log_odds)
    (calibrator,) = model.calibrators
    return np.asarray(calibrator.predict(log_odds))


def cut_rows(rows: int) -> Iterator[slice]:
    """Slices of limited size, so that the matrix of a large window is never complete in memory."""
    for start in range(0, rows, CHUNK_ROWS):
        yield slice(start, min(start + CHUNK_ROWS, rows))


def assign_folds(keys: NDArray[np.uint64], folds: int) -> NDArray[np.int64]:
    """The fold of every customer key, 0 to folds - 1; it never changes."""
    return (keys % np.uint64(folds)).astype(np.int64)


def decide_loans(contract: Contract, scores: Floats, threshold: float) -> np.ndarray[Any, Any]:
    """The target's positive value from a probability of `threshold` on, else its other value."""
    return np.where(scores >= threshold, contract.positive, contract.negative)
