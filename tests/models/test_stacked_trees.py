"""All trees at once give what scikit-learn gives, to the last bit: of applications as they are, and changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from tasks.models import stacked_trees
from tasks.models.stacked_trees import BLOCK_ROWS, Fold, stack_trees
from tasks.models.tree_tables import MOST_NODES

COLUMNS = 5


def make_matrix(random, rows, missing):
    matrix = random.normal(size=(rows, COLUMNS))
    matrix[:, 1] = np.round(matrix[:, 1])  # ties with the thresholds
    matrix[random.random(matrix.shape) < missing] = np.nan
    return matrix


def fit(random, seed, leaves, missing):
    matrix = make_matrix(random, 400, missing)
    labels = np.nan_to_num(matrix[:, 0] * matrix[:, 1]) + random.normal(size=400) > 0
    options = {"max_iter": 8, "max_leaf_nodes": leaves, "min_samples_leaf": 5, "early_stopping": False}
    return HistGradientBoostingClassifier(**options, random_state=seed).fit(matrix, labels.astype(int))


def read_fold(model):
    return Fold(model._baseline_prediction.item(), [tree for (tree,) in model._predictors])


@pytest.mark.slow
@pytest.mark.parametrize("most_entries", [0, 1_000_000])
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    leaves=st.integers(2, MOST_NODES + 1),
    missing=st.sampled_from([0.0, 0.2]),
    rows=st.sampled_from([1, 2, BLOCK_ROWS, 2 * BLOCK_ROWS + 1]),
)
def test_sums_are_those_of_the_models(most_entries, seed, leaves, missing, rows):
    random = np.random.default_rng(seed)
    models = [fit(random, seed + fold, leaves, missing) for fold in range(2)]
    matrix, others = make_matrix(random, rows, missing), make_matrix(random, rows, missing)
    fixed = [0.3, np.nan, 1.0, -2.0, float(np.inf)][seed % 5]
    # A number in the place of a column, another row in the place of one, both, and nothing that any tree reads.
    changes = [{0: fixed}, {1: COLUMNS + 1}, {2: fixed, 3: COLUMNS + 3}, {}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacked_trees, "MOST_ENTRIES", most_entries)
        trees = stack_trees([read_fold(model) for model in models], changes)
    assert (trees.leaves is None) == bool(most_entries)
    sums = trees.add(np.concatenate([matrix.T, others.T]))
    for number, change in enumerate([{}, *changes]):
        changed = matrix.copy()
        for column, by in change.items():
            changed[:, column] = others[:, by - COLUMNS] if isinstance(by, int) else by
        for model, of_fold in zip(models, sums, strict=True):
            assert np.array_equal(of_fold[number], model.decision_function(changed))
