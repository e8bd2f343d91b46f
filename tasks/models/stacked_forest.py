"""All trees of a Random Forest at once, for a few applications as they are and with columns replaced.

Its trees are too large for tables, so that each step goes one level down in all of them. Where an application's path
through a tree asks no column that is replaced, the path stays as it is; that holds for most of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.core.arrays import Floats, Integers, Mask
from tasks.models.estimators import LogOddsForest
from tasks.models.stacked_trees import Change

# For more applications scikit-learn's own walk, one tree after the other, is faster.
MOST_ROWS = 40
LEFT, LEAF = 1, -1


class StackedForest:
    """The trees of all folds' forests, their nodes one after the other."""

    def __init__(self, forests: Sequence[LogOddsForest], changes: Sequence[Change]) -> None:
        trees = [tree.tree_ for forest in forests for tree in forest.estimators_]
        self._trees = [len(forest.estimators_) for forest in forests]
        self._depth = max(tree.max_depth for tree in trees)
        starts = np.cumsum([0, *(tree.node_count for tree in trees)])
        self._roots: Integers = starts[:-1]
        width = forests[0].n_features_in_
        own = np.arange(starts[-1])
        is_leaf = np.concatenate([tree.children_left for tree in trees]) == LEAF
        first = np.repeat(self._roots, np.diff(starts))
        # A leaf leads to itself, and asks a column that no change changes.
        self._children = np.empty(2 * len(own), dtype=np.int64)
        for side, children in ((0, "children_right"), (LEFT, "children_left")):
            onward = np.concatenate([getattr(tree, children) for tree in trees]) + first
            self._children[side::2] = np.where(is_leaf, own, onward)
        self._columns = np.where(is_leaf, width, np.concatenate([tree.feature for tree in trees]))
        self._thresholds = np.concatenate([tree.threshold for tree in trees])
        self._votes = np.concatenate([tree.value[:, 0, 1] for tree in trees])
        self._place_changes(changes, width)

    def add(self, rows: Floats) -> Floats:
        """The log odds of each fold, for the applications as they are and with each change, as `StackedTrees.add`."""
        count = rows.shape[1]
        numbers = np.repeat(self._numbers[:, None], count, axis=1)
        with np.errstate(over="ignore"):  # as trees read it, a number that is too large is infinite
            values = np.concatenate([numbers, rows]).astype(np.float32)
        trees, applications = np.divmod(np.arange(len(self._roots) * count), count)
        is_asked = np.zeros((len(trees), self._is_changed.shape[1]), dtype=np.bool_)
        ends = self._walk(values, (0, self._roots[trees], applications), is_asked)
        path, change = np.nonzero(is_asked)
        every = np.repeat(ends[:, None], is_asked.shape[1], axis=1)
        every[path, change] = self._walk(values, (change, self._roots[trees[path]], applications[path]), None)
        votes = self._votes[every].reshape(len(self._roots), count, -1)
        folds = np.split(votes, np.cumsum(self._trees)[:-1])
        # Added in the order of the trees, as scikit-learn does; a sum over an axis may take another one.
        shares = np.array([np.add.accumulate(fold, axis=0)[-1].T / len(fold) for fold in folds])
        shares = shares.clip(1 - LogOddsForest.HIGHEST_SHARE, LogOddsForest.HIGHEST_SHARE)
        return np.asarray(np.log(shares / (1 - shares)))

    def _walk(
        self, values: NDArray[np.float32], start: tuple[Integers | int, Integers, Integers], is_asked: Mask | None
    ) -> Integers:
        """The leaves that are reached; `start` has changes, nodes and applications. Notes whose columns are asked."""
        change, nodes, applications = start
        for _ in range(self._depth):
            columns = self._columns[nodes]
            if is_asked is not None:
                is_asked |= self._is_changed[columns]
            goes_left = values[self._rows[change, columns], applications] <= self._thresholds[nodes]
            nodes = self._children[2 * nodes + goes_left]
        return nodes

    def _place_changes(self, changes: Sequence[Change], width: int) -> None:
        """For each change (the first changes nothing) which row stands for a column, and which columns it changes."""
        numbers = [by for change in changes for by in change.values() if not isinstance(by, int)]
        self._numbers = np.array(numbers, dtype=np.float64)
        # The rows follow the numbers; a leaf reads any.
        self._rows = np.tile([*(len(numbers) + np.arange(width)), len(numbers)], (len(changes) + 1, 1))
        self._is_changed = np.zeros((width + 1, len(changes) + 1), dtype=np.bool_)
        given = 0
        for number, change in enumerate(changes, start=1):
            for column, by in change.items():
                self._is_changed[column, number] = True
                self._rows[number, column] = len(numbers) + by if isinstance(by, int) else given
                given += not isinstance(by, int)
