"""Small trees as tables: the results of all node tests of a tree, read as bits, are the index of the leaf's value.

Traversing a tree costs a mispredicted branch at every other node. For a tree of seven nodes, seven tests of all rows at
once and a table of 128 entries are several times as fast. The sums and their order are the same, and so are the
probabilities, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tasks.core.arrays import Floats, Integers, Mask

# Two to this power are the entries of a tree's table, a byte each.
MOST_NODES = 15
# The columns of this many rows stay in a core's cache for all trees.
CHUNK_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class TreeTable:
    """One tree: for each inner node its feature, its threshold, and whether a missing value goes left.

    `leaves` is the leaf for each combination of results (a bit per node, 1 for left); `values` has the leaves' values.
    """

    features: Integers
    thresholds: Floats
    missing_left: Mask
    leaves: NDArray[np.uint8]
    values: Floats

    def read(self, columns: Floats) -> Floats:
        """The leaf's value of every row; `columns` holds features by rows."""
        places = np.zeros(columns.shape[1], dtype=np.uint16)
        for bit, (feature, threshold, missing_left) in enumerate(
            zip(self.features.tolist(), self.thresholds.tolist(), self.missing_left.tolist(), strict=True)
        ):
            # A comparison with a missing value is false: the direction is chosen so that false is the right one.
            column = columns[feature]
            left = ~(column > threshold) if missing_left else column <= threshold
            places |= left.astype(np.uint16) << np.uint16(bit)
        return np.asarray(self.values[self.leaves[places]])


_TABLES: WeakKeyDictionary[Any, TreeTable] = WeakKeyDictionary()


def can_tabulate(predictors: Sequence[Any]) -> bool:
    """Whether all trees (scikit-learn's TreePredictor) are small and test numbers only."""
    return all(
        np.sum(predictor.nodes["is_leaf"] == 0) <= MOST_NODES and not predictor.nodes["is_categorical"].any()
        for predictor in predictors
    )


def tabulate(predictors: Sequence[Any]) -> list[TreeTable]:
    """The tables of small trees, each built once."""
    return [_TABLES.get(predictor) or _tabulate(predictor) for predictor in predictors]


def add_trees(predictors: Sequence[Any], matrix: Floats, sums: Floats) -> None:
    """Add every tree's value to the sums of the rows, in the order of the trees."""
    tables = tabulate(predictors)
    for start in range(0, len(matrix), CHUNK_ROWS):
        columns = np.ascontiguousarray(matrix[start : start + CHUNK_ROWS].T)
        part = sums[start : start + CHUNK_ROWS]
        for table in tables:
            part += table.read(columns)


def _tabulate(predictor: Any) -> TreeTable:
    nodes = predictor.nodes
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    # A leaf leads to itself, so that all paths have ended once the deepest has.
    onward = np.arange(len(nodes))[:, None].repeat(2, axis=1)
    onward[inner] = np.column_stack([nodes["right"][inner], nodes["left"][inner]])
    bits = np.zeros(len(nodes), dtype=np.int64)
    bits[inner] = np.arange(len(inner))
    answers = np.arange(2 ** len(inner))
    at = np.zeros_like(answers)
    for _ in range(predictor.get_max_depth()):
        at = onward[at, answers >> bits[at] & 1]
    table = TreeTable(
        nodes["feature_idx"][inner].astype(np.int64),
        nodes["num_threshold"][inner].copy(),
        nodes["missing_go_to_left"][inner].astype(bool),
        at.astype(np.uint8),
        nodes["value"].copy(),
    )
    _TABLES[predictor] = table
    return table
