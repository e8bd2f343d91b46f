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
from tasks.models.features import RECENT, DeriveFeatures
from tasks.models.fitted_steps import UnknownStepError, read_numbers, read_words
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
        self.columns: tuple[str, ...] = derivation.columns
        self.numbers = [name for name in self.columns if name in derivation.special]
        self._special = [
            (self.numbers.index(name), value) for name in self.numbers for value in derivation.special[name]
        ]
        self._words, self._fixed = read_words(steps)
        if {*self.numbers, *self._words} != {*self.columns}:
            raise UnknownStepError("A column is neither encoded as a number nor as a category.")
        self._derived = list(derivation.derived)
        self._changed = [(name, one) for name in self.columns for one in self._derived if name in _list_inputs(one)]
        self._marks_recent = derivation.marks_recent
        self._middles: Mapping[str, Floats] = {}
        self._place(read_numbers(steps.named_steps["encode"]))
        self._middles = self._know(*self._read({name: [middles[name]] for name in self.columns}))
        self.changes = self._list_changes(self.make({name: [middles[name]] for name in self.columns})[:, 0])

    def make(self, values: Mapping[str, Values]) -> Floats:
        """The rows; `values` has each column's, as many as there are applications."""
        numbers, codes = self._read(values)
        count = numbers.shape[1]
        rows = np.empty((len(self._fixed) + 2 * len(self._changed), count))
        rows[: len(self._fixed)] = self._fixed[:, None]
        for name, words in self._words.items():
            rows[words.columns] = words.table[codes[name]].T
        features = np.array(self._list_features(numbers, codes))
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

    def _know(self, numbers: Floats, codes: Mapping[str, Integers]) -> dict[str, Floats]:
        """What derived features are computed from; of a category only whether it is missing counts."""
        known: dict[str, Floats] = dict(zip(self.numbers, numbers, strict=True))
        return known | {name: np.where(code == 0, np.nan, 0.0) for name, code in codes.items()}

    def _list_features(self, numbers: Floats, codes: Mapping[str, Integers]) -> list[Floats]:
        """The numbers, the derived features, the mark of recent rows, and the derived features once changed."""
        known, count = self._know(numbers, codes), numbers.shape[1]
        features = [*numbers, *(derive(one, known) for one in self._derived)]
        features += [np.ones(count)] * self._marks_recent
        for name, one in self._changed:
            middle = self._middles.get(name, np.array([np.nan]))
            features.append(derive(one, known | {name: np.broadcast_to(middle, count)}))
        return features

    def _place(self, branch: Any) -> None:
        """Where each feature and its mark stand among the rows."""
        names = [*self.numbers, *(one["name"] for one in self._derived), *[RECENT] * self._marks_recent]
        if set(names) != set(branch.features):
            raise UnknownStepError("The branch of the numbers has other columns than the contract's.")
        mark = {place: branch.start + len(branch.features) + number for number, place in enumerate(branch.marked)}
        order = [branch.features.index(name) for name in names]
        self._row_of = {name: branch.start + place for name, place in zip(names, order, strict=True)}
        self._mark_of = {name: mark[place] for name, place in zip(names, order, strict=True) if place in mark}
        names += [one["name"] for _, one in self._changed]
        behind = len(self._fixed) + 2 * np.arange(len(self._changed))
        places = np.array([branch.features.index(name) for name in names])
        self._marked = np.array([number for number, name in enumerate(names) if name in self._mark_of], dtype=np.int64)
        self._value_rows = np.array([*(branch.start + place for place in order), *behind])
        marks = [*(self._mark_of.get(name, -1) for name in names[: len(order)]), *(behind + 1)]
        self._mark_rows = np.array(marks)[self._marked]
        self._filling = branch.filling[places][:, None]
        self._value_scale = branch.scale.take(places)
        number_of = {place: number for number, place in enumerate(branch.marked)}
        self._mark_scale = branch.scale.take(
            np.array(
                [len(branch.features) + number_of[place] for place in places[self._marked].tolist()], dtype=np.int64
            )
        )

    def _list_changes(self, middle_rows: Floats) -> dict[str, Change]:
        """For each column the rows that change: its own become numbers, those of derived features other rows."""
        changes: dict[str, dict[int, int | float]] = {}
        for name in self.columns:
            own = [at[name] for at in (self._row_of, self._mark_of) if name in at]
            own += self._words[name].columns.tolist() if name in self._words else []
            changes[name] = {row: float(middle_rows[row]) for row in own}
        for number, (name, one) in enumerate(self._changed):
            behind = len(self._fixed) + 2 * number
            changes[name][self._row_of[one["name"]]] = behind
            if one["name"] in self._mark_of:
                changes[name][self._mark_of[one["name"]]] = behind + 1
        return dict(changes)


def derive(derived: Mapping[str, Any], known: Mapping[str, Floats]) -> Floats:
    """A derived feature of arrays, as `tasks.extract.cleaning.derive` computes it of a frame's columns."""
    if derived["record"]:
        is_known = np.any([~np.isnan(known[name]) for name in derived["record"]], axis=0)
        return np.asarray(is_known, dtype=np.float64)
    denominator = known[derived["denominator"]]
    with np.errstate(over="ignore"):
        ratio = derived["factor"] * known[derived["numerator"]] / np.where(denominator == 0, np.nan, denominator)
    return np.asarray(np.where(np.isinf(ratio), np.nan, ratio), dtype=np.float64)


def _list_inputs(derived: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(derived["record"] or (derived["numerator"], derived["denominator"]))
