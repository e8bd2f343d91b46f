"""Small trees as tables: the answers of all of a tree's nodes, read as bits, are the place of its leaf's value.

Walking down a tree costs a mispredicted branch at every other node. A tree of seven nodes asks seven questions of every
row instead, each of all rows at once, and looks the 128 possible answers up: several times as fast, with the same sums
in the same order, so that the probabilities are the same to the last bit.
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
# So many rows' columns stay in a core's cache while all trees pass over them.
CHUNK_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class TreeTable:
    """One tree: for each inner node its feature, its threshold, and whether a missing value goes left.

    `leaves` is the leaf that all nodes' answers lead to (bit by bit, 1 for left); `values` has the leaves' values.
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
            # A comparison with a missing value is false: so it says which way that goes.
            column = columns[feature]
            left = ~(column > threshold) if missing_left else column <= threshold
            places |= left.astype(np.uint16) << np.uint16(bit)
        return np.asarray(self.values[self.leaves[places]])


_TABLES: WeakKeyDictionary[Any, TreeTable] = WeakKeyDictionary()


def can_tabulate(predictors: Sequence[Any]) -> bool:
    """Whether all trees (scikit-learn's TreePredictor) are small and ask about numbers only."""
    return all(
        np.sum(predictor.nodes["is_leaf"] == 0) <= MOST_NODES and not predictor.nodes["is_categorical"].any()
        for predictor in predictors
    )


def tabulate(predictors: Sequence[Any]) -> list[TreeTable]:
    """The tables of small trees, each made once."""
    return [_TABLES.get(predictor) or _tabulate(predictor) for predictor in predictors]


def add_trees(predictors: Sequence[Any], matrix: Floats, sums: Floats) -> None:
    """Add every tree's value to the sums of the rows, one tree after the other."""
    tables = tabulate(predictors)
    for start in range(0, len(matrix), CHUNK_ROWS):
        columns = np.ascontiguousarray(matrix[start : start + CHUNK_ROWS].T)
        part = sums[start : start + CHUNK_ROWS]
        for table in tables:
            part += table.read(columns)


def _tabulate(predictor: Any) -> TreeTable:
    nodes = predictor.nodes
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    # A leaf leads to itself, so that every answer has come to its leaf once the deepest has.
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
