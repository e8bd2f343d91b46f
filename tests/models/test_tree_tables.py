"""Scoring by tables gives what walking down the trees gives, to the last bit."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier

from tasks.models.scoring import TABLE_ROWS, score_fold
from tasks.models.tree_tables import CHUNK_ROWS, MOST_NODES, can_tabulate


def make_matrix(random, rows, missing):
    matrix = random.normal(size=(rows, 5))
    matrix[:, 1] = np.round(matrix[:, 1])  # ties with the thresholds
    matrix[random.random(matrix.shape) < missing] = np.nan
    return matrix


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    leaves=st.integers(2, MOST_NODES + 3),
    missing=st.sampled_from([0.0, 0.2]),
    rows=st.sampled_from([TABLE_ROWS, 2 * CHUNK_ROWS + 1]),
)
def test_tables_and_trees_agree(seed, leaves, missing, rows):
    random = np.random.default_rng(seed)
    matrix = make_matrix(random, 600, missing)
    labels = (np.nan_to_num(matrix[:, 0] * matrix[:, 1]) + random.normal(size=600) > 0).astype(int)
    (model,) = fit(matrix, labels, max_iter=8, max_leaf_nodes=leaves, min_samples_leaf=5, random_state=0)
    rows_to_score = make_matrix(random, rows, missing)
    assert np.array_equal(score_fold(model, rows_to_score), model.predict_proba(rows_to_score)[:, 1])
    assert can_tabulate([tree for (tree,) in model.estimator._predictors]) or leaves > MOST_NODES + 1


def fit(matrix, labels, **options):
    """One calibrated model, as each fold of a candidate is."""
    fold = [(np.arange(0, len(labels), 2), np.arange(1, len(labels), 2))]
    return (
        CalibratedClassifierCV(HistGradientBoostingClassifier(**options), cv=fold)
        .fit(matrix, labels)
        .calibrated_classifiers_
    )


def test_tables_are_not_saved_with_the_model():
    random = np.random.default_rng(1)
    matrix = make_matrix(random, TABLE_ROWS, 0.0)
    (model,) = fit(matrix, (matrix[:, 0] > 0).astype(int), max_iter=5, max_leaf_nodes=16)
    before = len(pickle.dumps(model))
    scores = score_fold(model, matrix)
    assert len(pickle.dumps(model)) == before
    assert score_fold(pickle.loads(pickle.dumps(model)), matrix) == pytest.approx(scores, abs=0)
