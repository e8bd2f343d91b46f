"""Small trees as tables: the answers of all of a tree's nodes, read as bits, are the place of its leaf's value.

Walking down a tree costs a mispredicted branch at every other node. A tree of seven nodes asks seven questions of every
row instead, each of all rows at once, and looks the 128 possible answers up: several times as fast, with the same sums
in the same order, so that the probabilities are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Path = tuple[tuple[int, bool], ...]

# Two to this power are the values of a tree's table.
MOST_NODES = 15
# So many rows' columns stay in a core's cache while all trees pass over them.
CHUNK_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class TreeTable:
    """One tree: for each inner node its feature, its threshold, and whether a missing value goes left."""

    features: NDArray[np.int64]
    thresholds: Floats
    missing_left: NDArray[np.bool_]
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
        return self.values[places]


_TABLES: WeakKeyDictionary[Any, TreeTable] = WeakKeyDictionary()


def can_tabulate(predictors: Sequence[Any]) -> bool:
    """Whether all trees (scikit-learn's TreePredictor) are small and ask about numbers only."""
    return all(
        np.sum(predictor.nodes["is_leaf"] == 0) <= MOST_NODES and not predictor.nodes["is_categorical"].any()
        for predictor in predictors
    )


def add_trees(predictors: Sequence[Any], matrix: Floats, sums: Floats) -> None:
    """Add every tree's value to the sums of the rows, one tree after the other."""
    tables = [_TABLES.get(predictor) or _tabulate(predictor) for predictor in predictors]
    for start in range(0, len(matrix), CHUNK_ROWS):
        columns = np.ascontiguousarray(matrix[start : start + CHUNK_ROWS].T)
        part = sums[start : start + CHUNK_ROWS]
        for table in tables:
            part += table.read(columns)


def _tabulate(predictor: Any) -> TreeTable:
    nodes = predictor.nodes
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    values = np.empty(2 ** len(inner))
    bit_of = {int(node): bit for bit, node in enumerate(inner)}
    answers = np.arange(len(values))
    for leaf, path in _walk(nodes, 0, ()):
        fits = np.ones(len(values), dtype=bool)
        for node, is_left in path:
            fits &= ((answers >> bit_of[node]) & 1 == 1) == is_left
        values[fits] = nodes["value"][leaf]
    table = TreeTable(
        nodes["feature_idx"][inner].astype(np.int64),
        nodes["num_threshold"][inner].copy(),
        nodes["missing_go_to_left"][inner].astype(bool),
        values,
    )
    _TABLES[predictor] = table
    return table


def _walk(nodes: Any, node: int, path: Path) -> Iterator[tuple[int, Path]]:
    """Every leaf with the way to it: the nodes, and whether it goes left there."""
    if nodes["is_leaf"][node]:
        yield node, path
        return
    yield from _walk(nodes, int(nodes["left"][node]), (*path, (node, True)))
    yield from _walk(nodes, int(nodes["right"][node]), (*path, (node, False)))
