"""Widen: a classifier that was fitted on some columns of a matrix, made to read them in the whole matrix.

So each fold of a wide table may have columns of its own, and everything that reads a model sees one matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.tree._tree import Tree

from tasks.core.arrays import Integers

LEAF = -1


def widen_fold(model: CalibratedClassifierCV, columns: Integers, width: int) -> None:
    """The fitted model of a fold; `columns` are the places of its columns in the matrix, which has so many."""
    for fold in model.calibrated_classifiers_:
        _widen(fold.estimator, columns, width)
    model.n_features_in_ = width


def _widen(classifier: Any, columns: Integers, width: int) -> None:
    for tree in getattr(classifier, "estimators_", ()):  # of a forest
        tree.tree_ = _widen_tree(tree.tree_, columns, width)
        tree.n_features_in_ = width
    for (tree,) in getattr(classifier, "_predictors", ()):  # of boosting
        is_inner = tree.nodes["is_leaf"] == 0
        tree.nodes["feature_idx"][is_inner] = columns[tree.nodes["feature_idx"][is_inner]]
    classifier.n_features_in_ = width


def _widen_tree(tree: Any, columns: Integers, width: int) -> Any:
    """The same tree; what it asks of a column it asks of that column's place."""
    state = tree.__getstate__()
    nodes = state["nodes"] = state["nodes"].copy()
    is_inner = nodes["left_child"] != LEAF
    nodes["feature"][is_inner] = columns[nodes["feature"][is_inner]]
    wide = Tree(width, np.asarray(tree.n_classes, dtype=np.intp), tree.n_outputs)
    wide.__setstate__(state)
    return wide
