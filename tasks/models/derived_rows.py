"""Derived features of arrays: all of them at once, as they are and with one of the columns that they need replaced.

`tasks.extract.cleaning.derive` computes one of them from a frame's columns, and is the definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tasks.core.arrays import Floats

Derived = Mapping[str, Any]  # the options of a derived feature in the contract


def list_inputs(derived: Derived) -> tuple[str, ...]:
    """The columns that a derived feature is computed from."""
    return tuple(derived["record"] or (derived["numerator"], derived["denominator"]))


class DerivedRows:
    """Computes a row for each derived feature, and then one for each of `changed`: a feature, and the replaced column.

    `columns` names the rows that they are computed from; the values that replace them come behind, in the same order.
    """

    def __init__(
        self, columns: Sequence[str], derived: Sequence[Derived], changed: Sequence[tuple[str, Derived]]
    ) -> None:
        asked = [("", one) for one in derived] + list(changed)
        self._count = len(asked)
        place = {name: number for number, name in enumerate(columns)}
        inputs = [[place[name] + len(columns) * (name == by) for name in list_inputs(one)] for by, one in asked]
        self._ratios = [number for number, (_, one) in enumerate(asked) if not one["record"]]
        self._factors = np.array([[asked[number][1]["factor"]] for number in self._ratios]).reshape(-1, 1)
        self._over = [inputs[number][0] for number in self._ratios]
        self._under = [inputs[number][1] for number in self._ratios]
        self._records = [number for number, (_, one) in enumerate(asked) if one["record"]]
        # The first input stands again where a record has fewer than another.
        width = max((len(inputs[number]) for number in self._records), default=0)
        self._asked = [inputs[number] + inputs[number][:1] * (width - len(inputs[number])) for number in self._records]

    def compute(self, known: Floats) -> Floats:
        """The rows; `known` has those of the columns, NaN where a value is missing, and those that replace them."""
        features = np.empty((self._count, known.shape[1]))
        if self._ratios:
            under = known[self._under]
            under[under == 0] = np.nan
            with np.errstate(over="ignore"):
                ratios = self._factors * known[self._over] / under
            ratios[np.isinf(ratios)] = np.nan
            features[self._ratios] = ratios
        if self._records:
            features[self._records] = ~np.isnan(known[self._asked]).all(axis=1)
        return features
