"""A fitted model's matrix without data frames: of applications as they are, and with each of their columns replaced.

`tasks/models/features.py` defines the matrix; its frames and checks cost milliseconds, however few the rows. Here what
a fitted preprocessing does is read once: of a number the few operations, of a category what its encoder makes of each
word. The same operations in the same order give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from sklearn.pipeline import Pipeline

from tasks.core.arrays import Floats, Integers, Mask
from tasks.models.derived_rows import DerivedRows, list_inputs
from tasks.models.features import RECENT, DeriveFeatures
from tasks.models.fitted_steps import Numbers, UnknownStepError, read_numbers, read_words
from tasks.models.stacked_trees import Change

# A column of applications: numbers with NaN, or words with None where one is missing.
Values: TypeAlias = "Floats | Sequence[Any]"


class MatrixRows:
    """Makes a row for each column of the matrix and, behind them, two for each derived feature that a change changes.

    Parameters
    ----------
    steps
        The fitted pipeline without its model. Raises UnknownStepError where it has a step of another kind.
    middles
        What replaces each of its columns.

    `numbers` are those of its columns that are numbers. `changes` says for each column what stands in the place of the
    matrix's columns once it is replaced.
    """

    def __init__(self, steps: Pipeline, middles: Mapping[str, float | str | None]) -> None:
        derivation: DeriveFeatures = steps.named_steps["derive"]
        self.numbers = [name for name in derivation.columns if name in derivation.special]
        special = derivation.special
        self._special = [(place, value) for place, name in enumerate(self.numbers) for value in special[name]]
        self._words, self._fixed = read_words(steps)
        columns = [*self.numbers, *self._words]
        if set(columns) != set(derivation.columns):
            raise UnknownStepError("A column is neither encoded as a number nor as a category.")
        derived = derivation.derived
        self._changed = [(name, one) for name in columns for one in derived if name in list_inputs(one)]
        self._derived = DerivedRows(columns, derived, self._changed)
        self._is_recent = np.ones((int(derivation.marks_recent), 1))
        names = [*self.numbers, *[RECENT] * derivation.marks_recent, *(one["name"] for one in derived)]
        self._place(read_numbers(steps.named_steps["encode"]), names)
        middle = {name: [middles[name]] for name in columns}
        self._middles = self._know(*self._read(middle))
        self.changes = self._list_changes(columns, self.make(middle)[:, 0])

    def make(self, values: Mapping[str, Values]) -> Floats:
        """The rows; `values` has each column's, as many as there are applications."""
        numbers, codes = self._read(values)
        count = numbers.shape[1]
        rows = np.empty((len(self._fixed) + 2 * len(self._changed), count))
        rows[: len(self._fixed)] = self._fixed[:, None]
        for name, words in self._words.items():
            rows[words.columns] = words.table[codes[name]].T
        known = np.concatenate(
            [self._know(numbers, codes), np.broadcast_to(self._middles, (len(self._middles), count))]
        )
        recent = np.broadcast_to(self._is_recent, (len(self._is_recent), count))
        features = np.concatenate([numbers, recent, self._derived.compute(known)])
        is_missing = np.isnan(features)
        rows[self._value_rows] = self._value_scale.apply(np.where(is_missing, self._filling, features))
        rows[self._mark_rows] = self._mark_scale.apply(is_missing[self._marked].astype(np.float64))
        return rows

    def _read(self, values: Mapping[str, Values]) -> tuple[Floats, dict[str, Integers]]:
        """Numbers without special values and infinities, and the codes of words."""
        numbers = np.array([values[name] for name in self.numbers], dtype=np.float64)
        is_none: Mask = np.isinf(numbers)
        for place, value in self._special:
            is_none[place] |= numbers[place] == value
        numbers[is_none] = np.nan
        return numbers, {name: words.encode(values[name]) for name, words in self._words.items()}

    def _know(self, numbers: Floats, codes: Mapping[str, Integers]) -> Floats:
        """What derived features are computed from; of a category only whether it is missing counts."""
        return np.array([*numbers, *(np.where(code == 0, np.nan, 0.0) for code in codes.values())])

    def _place(self, branch: Numbers, names: list[str]) -> None:
        """Where each feature and its mark stand among the rows, and what is done to them."""
        if set(names) != set(branch.features):
            raise UnknownStepError("The branch of the numbers has other columns than the contract's.")
        order = [branch.features.index(name) for name in names]
        marks = {branch.features[place]: len(branch.features) + number for number, place in enumerate(branch.marked)}
        self._row_of = {name: branch.start + place for name, place in zip(names, order, strict=True)}
        self._mark_of = {name: branch.start + column for name, column in marks.items()}
        every = [*names, *(one["name"] for _, one in self._changed)]
        places = np.array([branch.features.index(name) for name in every])
        self._marked = np.array([number for number, name in enumerate(every) if name in marks], dtype=np.int64)
        behind = len(self._fixed) + 2 * np.arange(len(self._changed))
        self._value_rows = np.array([*self._row_of.values(), *behind])
        self._mark_rows = np.array([*(self._mark_of.get(name, -1) for name in names), *(behind + 1)])[self._marked]
        self._filling = branch.filling[places][:, None]
        self._value_scale = branch.scale.take(places)
        self._mark_scale = branch.scale.take(np.array([marks[every[one]] for one in self._marked], dtype=np.int64))

    def _list_changes(self, columns: list[str], middle_rows: Floats) -> dict[str, Change]:
        """For each column the rows that change: its own become numbers, those of derived features other rows."""
        changes: dict[str, dict[int, int | float]] = {}
        for name in columns:
            own = [at[name] for at in (self._row_of, self._mark_of) if name in at]
            own += self._words[name].columns.tolist() if name in self._words else []
            changes[name] = {row: float(middle_rows[row]) for row in own}
        for number, (name, one) in enumerate(self._changed):
            behind = len(self._fixed) + 2 * number
            changes[name][self._row_of[one["name"]]] = behind
            if one["name"] in self._mark_of:
                changes[name][self._mark_of[one["name"]]] = behind + 1
        return dict(changes)
