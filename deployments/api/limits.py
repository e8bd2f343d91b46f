"""The contract's limits in words: of a column, in an example, and of a value that lies outside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.models.matrix_rows import Values


def describe(column: Column) -> str:
    """A column for whoever fills in the form: its meaning, unit, limits, words and special values."""
    return "; ".join(part for part in _list_parts(column) if part)


def make_example(contract: Contract) -> dict[str, Any]:
    """An application that the contract allows: of each number the middle of its range, of each category the first."""
    return {contract.id.name: "A-1"} | {column.name: _exemplify(column) for column in contract.features}


def list_warnings(contract: Contract, values: Mapping[str, Values]) -> dict[int, list[dict[str, str]]]:
    """Which values lie outside the contract's limits, by application; they are scored all the same."""
    remarks: dict[int, list[dict[str, str]]] = {}
    for column in contract.features:
        given = values[column.name]
        for place in _find_odd(column, given):
            if what := _judge(column, given[place]):
                remarks.setdefault(place, []).append({"column": column.name, "what": what})
    return remarks


def _find_odd(column: Column, values: Values) -> Iterable[int]:
    """Where a value may lie outside the limits: most columns of most requests have none."""
    if column.type != "number":
        known = {None, *(column.categories or ())}
        return (place for place, word in enumerate(values) if word not in known) if column.categories else ()
    if not isinstance(values, np.ndarray):
        return range(len(values))
    low, high = -np.inf if column.min is None else column.min, np.inf if column.max is None else column.max
    return [int(place) for place in np.flatnonzero((values < low) | (values > high))]


def _judge(column: Column, value: float | str | None) -> str:
    if isinstance(value, str):
        is_known = column.categories is None or value in column.categories
        return "" if is_known else f"is none of the contract's words: {', '.join(column.categories or ())}"
    if value is None or value in column.special:
        return ""
    if column.min is not None and value < column.min:
        return f"is below the contract's minimum of {column.min:.15g}"
    if column.max is not None and value > column.max:
        return f"is above the contract's maximum of {column.max:.15g}"
    return ""


def _list_parts(column: Column) -> Iterator[str]:
    yield from (column.description, column.unit)
    limits = (("from", column.min), ("to", column.max))
    yield " ".join(f"{preposition} {limit:,g}" for preposition, limit in limits if limit is not None)
    yield " · ".join(column.categories or ())
    yield from (f"{value:.15g} means {meaning}" for value, meaning in column.special.items())


def _exemplify(column: Column) -> str | float:
    """Never null: FastAPI leaves an example's nulls out of its description."""
    if column.type != "number":
        return column.categories[0] if column.categories else "other"
    low, high = column.min, column.max
    if low is None or high is None:
        return next((limit for limit in (low, high) if limit is not None), 0)
    return round((low + high) / 2) if column.whole or high - low >= 2 else (low + high) / 2
