"""The budget of training: how many columns and rows a fit may use, and which ones are drawn where there are more.

Nothing here looks at a clock: the same rows give the same model on any machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers, Keys, Mask
from tasks.core.policy import Kind, TrainPolicy

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# Another hash than those that choose folds, halves, and the rows that are kept of a large window.
_SALT = np.uint64(0xD6E8FEB86659FD93)


def count_work(kind: Kind, policy: TrainPolicy, rows: int, columns: int) -> int:
    """The work of fitting all folds of one kind: rows times columns of the matrix times trees."""
    is_large = kind is Kind.GRADIENT_BOOSTING and rows >= policy.boosting_large
    trees = {Kind.RANDOM_FOREST: policy.forest_trees, Kind.GRADIENT_BOOSTING: policy.boosting_rounds * (1 + is_large)}
    return rows * columns * trees[kind] * policy.folds


def draw_for_work(kind: Kind, policy: TrainPolicy, keys: Keys, columns: int) -> Mask:
    """Which rows a fit of this kind may use: all of them, unless they are more work than the policy allows."""
    work = count_work(kind, policy, len(keys), columns)
    if work <= policy.most_work:
        return np.ones(len(keys), dtype=np.bool_)
    most = max(len(keys) * policy.most_work // work, policy.minimum_test_rows)
    marks = _mark(keys)
    return np.asarray(marks <= np.partition(marks, most - 1)[most - 1])


def draw_by_label(labels: Floats, keys: Keys, most: int) -> Integers:
    """The places of so many rows at most, in their order: of the rarer label up to half."""
    marks, is_positive = _mark(keys), labels == 1
    rarer, other = sorted((np.flatnonzero(is_positive), np.flatnonzero(~is_positive)), key=len)
    few = rarer[np.argsort(marks[rarer], kind="stable")[: most // 2]]
    many = other[np.argsort(marks[other], kind="stable")[: most - len(few)]]
    return np.sort(np.concatenate([few, many]))


def record_features(contract: Contract, pipeline: Pipeline) -> dict[str, Any]:
    """Which features a model reads, and of how many, as plain JSON values; nothing where it reads all of them."""
    derivation = pipeline.named_steps["derive"]
    used = [*derivation.columns, *(one["name"] for one in derivation.derived)]
    features = len(contract.features) + len(contract.derived)
    return {"features": {"used": used, "of": features}} if len(used) < features else {}


def _mark(keys: Keys) -> Keys:
    """A number for each row by which rows are drawn; rows of one customer have the same."""
    return np.asarray(pd.util.hash_array(keys ^ _SALT, categorize=False))
