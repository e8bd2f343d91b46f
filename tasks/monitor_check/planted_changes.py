"""Simulated changes for any lender's window: they need only what the contract says of its columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.findings import Question

# A column is changed only if at least this share of its values is present; otherwise the change is immaterial.
_LEAST_PRESENT = 0.5
UNKNOWN_CATEGORY = "an unknown category"


@dataclass(frozen=True)
class Planted:
    """The changed rows and labels, and the column that was changed ("" where no column was)."""

    applications: pd.DataFrame
    labels: Floats
    column: str = ""


Plant = Callable[[Contract, Planted, np.random.Generator], Planted | None]


@dataclass(frozen=True)
class Change:
    """One kind of change. One of the `expected` questions has to raise the alarm; none where nothing changes.

    `plant` returns None where the lender's columns do not allow the change.
    """

    name: str
    description: str
    expected: tuple[Question, ...]
    plant: Plant


def _nothing(contract: Contract, window: Planted, random: np.random.Generator) -> Planted:
    return window


def _shift(spread: float) -> Plant:
    """Add a multiple of the interquartile range to a number column; special values stay."""

    def plant(contract: Contract, window: Planted, random: np.random.Generator) -> Planted | None:
        specials = {column.name: list(column.special) for column in contract.features if column.type == "number"}
        present = {name: _blank(window.applications[name], special) for name, special in specials.items()}
        ranges = {name: float(np.subtract(*values.quantile([0.75, 0.25]))) for name, values in present.items()}
        able = [name for name in present if present[name].notna().mean() >= _LEAST_PRESENT and ranges[name] > 0]
        name = _choose(able, random)
        if name is None:
            return None
        shifted = window.applications[name].where(present[name].isna(), present[name] + spread * ranges[name])
        return _replace(window, name, shifted)

    return plant


def _remove(share: float) -> Plant:
    """Remove the values of a random share of the rows."""

    def plant(contract: Contract, window: Planted, random: np.random.Generator) -> Planted | None:
        names = [column.name for column in contract.features]
        name = _choose([n for n in names if window.applications[n].notna().mean() >= _LEAST_PRESENT], random)
        if name is None:
            return None
        is_present = window.applications[name].notna().to_numpy()
        # The share refers to all rows, of which some are missing already.
        gone = is_present & (random.random(len(is_present)) < share / is_present.mean())
        return _replace(window, name, window.applications[name].mask(gone))

    return plant


def _rename(share: float) -> Plant:
    """Put an unknown category into a random share of the rows of a category column."""

    def plant(contract: Contract, window: Planted, random: np.random.Generator) -> Planted | None:
        name = _choose([column.name for column in contract.features if column.type == "category"], random)
        if name is None:
            return None
        values = window.applications[name].cat.add_categories([UNKNOWN_CATEGORY])
        return _replace(window, name, values.mask(random.random(len(values)) < share, UNKNOWN_CATEGORY))

    return plant


def _flip(share: float) -> Plant:
    """Invert the decision of a random share of the rows."""

    def plant(contract: Contract, window: Planted, random: np.random.Generator) -> Planted:
        flipped = random.random(len(window.labels)) < share
        return Planted(window.applications, np.where(flipped, 1 - window.labels, window.labels))

    return plant


DATA = (Question.DATA,)
RULE = (Question.CONCEPT, Question.MODEL)
NOTHING = Change("nothing", "two random halves of the same window", (), _nothing)
CHANGES = (
    Change("shift_quarter", "one number shifted by a quarter of its interquartile range", DATA, _shift(0.25)),
    Change("shift_half", "one number shifted by half of its interquartile range", DATA, _shift(0.5)),
    Change("missing_10", "10 % more of one column's values missing", DATA, _remove(0.10)),
    Change("missing_20", "20 % more of one column's values missing", DATA, _remove(0.20)),
    Change("new_category", "an unknown category in 5 % of one column", DATA, _rename(0.05)),
    Change("flips_5", "the decision inverted in 5 % of the applications", RULE, _flip(0.05)),
    Change("flips_10", "the decision inverted in 10 % of the applications", RULE, _flip(0.10)),
    Change("flips_20", "the decision inverted in 20 % of the applications", RULE, _flip(0.20)),
)


def _choose(names: Sequence[str], random: np.random.Generator) -> str | None:
    return str(random.choice(list(names))) if names else None


def _blank(values: pd.Series, special: list[float]) -> pd.Series:
    return values.mask(values.isin(special))


def _replace(window: Planted, name: str, values: pd.Series) -> Planted:
    return Planted(window.applications.assign(**{name: values}), window.labels, name)
