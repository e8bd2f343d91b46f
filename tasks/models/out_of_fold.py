"""Out of fold: the scores of training rows as those of new rows would be, by a model and a calibration without the row.

A fold's calibration is fitted on the very rows that its model has not seen. It knows their rate and, where the model
ranks weakly, turns their order round: a reference so scored looks better than any window after it. So each part of a
fold is scored by a calibration that was fitted on the other parts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tasks.core.arrays import Floats, Integers, Keys
from tasks.foreign.model import ForeignModel, Scorer
from tasks.models.scoring import assign_folds, cut_rows, score_fold

# The calibration of a fold is fitted on all but one of so many parts of it.
CALIBRATION_PARTS = 5


def score_out_of_fold(model: Scorer, applications: Any, labels: Floats, keys: Keys) -> Floats:
    """The scores of a reference's rows. Rows without a label were not fitted on, and keep the score of their fold.

    A foreign model has no training rows here, and scores all rows alike.
    """
    if isinstance(model, ForeignModel):
        return model.score(applications)
    from tasks.models.large_matrix import make_matrix

    scores = np.empty(len(applications))
    fitted = model.named_steps["model"].calibrated_classifiers_
    folds = assign_folds(keys, len(fitted))
    for part in cut_rows(len(applications)):
        matrix = make_matrix(model[:-1], applications.iloc[part])
        for fold, one in enumerate(fitted):
            rows = np.flatnonzero(folds[part] == fold)
            held = part.start + rows
            scores[held] = _score_apart(one, matrix[rows], labels[held], keys[held])
    return scores


def score_fold_rows(model: Any, matrix: Floats, rows: Integers, labels: Floats, keys: Keys) -> Floats:
    """The same for the rows of one fold, in the order of `rows`, from the matrix of all rows.

    Calibrated in the same parts of a large table, so that a reference which is read again gets the same scores.
    """
    scores = np.empty(len(rows))
    for part in cut_rows(len(matrix)):
        held = slice(*np.searchsorted(rows, (part.start, part.stop)))
        scores[held] = _score_apart(model, matrix[rows[held]], labels[rows[held]], keys[rows[held]])
    return scores


def _score_apart(model: Any, matrix: Floats, labels: Floats, keys: Keys) -> Floats:
    """Each part by a calibration of the others; where these hold one label only, by that of the fold."""
    from sklearn.base import clone

    if not len(matrix):
        return np.empty(0)
    if not hasattr(model.estimator, "decision_function"):
        return score_fold(model, matrix)
    raw = model.estimator.decision_function(matrix)
    scores: Floats = model.calibrators[0].predict(raw)
    parts, is_known = assign_folds(keys >> np.uint64(20), CALIBRATION_PARTS), ~np.isnan(labels)
    for part in np.unique(parts[is_known]):
        is_held, others = is_known & (parts == part), is_known & (parts != part)
        if len(np.unique(labels[others])) == 2:
            calibrator = clone(model.calibrators[0]).fit(raw[others], labels[others].astype(int))
            scores[is_held] = calibrator.predict(raw[is_held])
    return scores
