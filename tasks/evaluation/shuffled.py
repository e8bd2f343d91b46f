"""Shuffled: a model's scores of rows of which one column is shuffled, for many columns.

A row of the matrix depends on that row's values only. So where a column is shuffled, its columns of the matrix are
shuffled in the same way: they are replaced, and nothing is encoded again but derived features of the column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from tasks.core.arrays import Floats, Integers
from tasks.foreign.model import ForeignModel, Scorer
from tasks.models.derived_rows import list_inputs
from tasks.models.fitted_steps import list_owners
from tasks.models.large_matrix import make_matrix
from tasks.models.preprocess import Prepared
from tasks.models.scoring import CHUNK_ROWS, score_by_fold, score_matrix_by_fold

# The matrices of so many values are scored together: 200 MB.
MOST_VALUES = 25_000_000


def score_shuffled(
    model: Scorer, rows: Prepared, names: Sequence[str], order: Integers
) -> Iterator[tuple[str, Floats | None]]:
    """Each column and the rows' scores with it shuffled; None where the model does not read the column.

    Each row is scored by the fold that was fitted without its customer.
    """
    if isinstance(model, ForeignModel):
        yield from _score_frames(model, rows, names, order)
        return
    shuffled = _Matrix(model[:-1], rows, order)
    yield from ((name, None) for name in names if not shuffled.is_read(name))
    read = [name for name in names if shuffled.is_read(name)]
    together = max(MOST_VALUES // max(shuffled.matrix.size, 1), 1)
    for start in range(0, len(read), together):
        batch = read[start : start + together]
        keys = np.tile(rows.keys, len(batch))
        scores = score_matrix_by_fold(model, shuffled.replace(batch), keys)
        yield from zip(batch, scores.reshape(len(batch), -1), strict=True)


def _score_frames(
    model: ForeignModel, rows: Prepared, names: Sequence[str], order: Integers
) -> Iterator[tuple[str, Floats | None]]:
    """By data frames, many columns at a time: one frame is scored many times as fast as one for each column."""
    together = max(CHUNK_ROWS // max(len(rows), 1), 1)
    for start in range(0, len(names), together):
        batch = names[start : start + together]
        frame = shuffle_each(rows.applications, batch, order)
        scores = score_by_fold(model, frame, np.tile(rows.keys, len(batch)))
        yield from zip(batch, scores.reshape(len(batch), -1), strict=True)


def shuffle_each(applications: pd.DataFrame, names: Sequence[str], order: Integers) -> pd.DataFrame:
    """The rows once for each of the columns, which is shuffled there."""
    as_is = np.tile(np.arange(len(order)), (len(names), 1))
    columns = {}
    for name in applications.columns:
        places = as_is
        if name in names:
            places = as_is.copy()
            places[names.index(name)] = order
        columns[name] = applications[name].array.take(places.ravel())
    return pd.DataFrame(columns, copy=False)


class _Matrix:
    """The rows' matrix, and the places in it of each column and of the derived features that depend on it."""

    def __init__(self, steps: Pipeline, rows: Prepared, order: Integers) -> None:
        self._steps, self._order = steps, order
        self._applications = rows.applications
        self.matrix = make_matrix(steps, rows.applications)
        owners = np.array(list_owners(steps), dtype=object)
        derivation = steps.named_steps["derive"]
        self._own = {name: np.flatnonzero(owners == name) for name in derivation.columns}
        derived: dict[str, list[str]] = {}
        for one in derivation.derived:
            for name in list_inputs(one):
                derived.setdefault(name, []).append(one["name"])
        self._derived = {name: np.flatnonzero(np.isin(owners, of_it)) for name, of_it in derived.items()}

    def is_read(self, name: str) -> bool:
        """Whether the matrix depends on a column."""
        return name in self._own

    def replace(self, names: Sequence[str]) -> Floats:
        """The matrix once for each of the columns, which is shuffled there."""
        made = np.tile(self.matrix, (len(names), 1, 1))
        for place, name in enumerate(names):
            own = self._own[name]
            made[place][:, own] = self.matrix[np.ix_(self._order, own)]
        inputs = [name for name in names if name in self._derived]
        if inputs:
            encoded = make_matrix(self._steps, shuffle_each(self._applications, inputs, self._order))
            for name, of_it in zip(inputs, encoded.reshape(len(inputs), *self.matrix.shape), strict=True):
                made[names.index(name)][:, self._derived[name]] = of_it[:, self._derived[name]]
        return made.reshape(-1, self.matrix.shape[1])
