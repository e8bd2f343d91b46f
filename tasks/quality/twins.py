"""Twins: features that are identical in every row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Keys
from tasks.quality.hashes import hash_column

_START = 100  # in so many rows most features differ already


def find_twins(contract: Contract, applications: pd.DataFrame) -> tuple[int, ...]:
    """For each feature, the place of the first feature of its type that is identical in all rows, or its own."""
    found: list[int] = []
    alike: dict[tuple[str, bytes], list[int]] = {}
    names = [column.name for column in contract.features]
    for place, column in enumerate(contract.features):
        values = applications[column.name]
        start = _spell(values.iloc[:_START]).tobytes()
        others = alike.setdefault((column.type, start), [])
        same = (other for other in others if np.array_equal(_spell(applications[names[other]]), _spell(values)))
        found.append(next(same, place))
        if found[-1] == place:
            others.append(place)
    return tuple(found)


def merge_twins(some: tuple[int, ...], others: tuple[int, ...]) -> tuple[int, ...]:
    """Features are identical in all rows where they are in each part."""
    first: dict[tuple[int, int], int] = {}
    return tuple(first.setdefault(pair, place) for place, pair in enumerate(zip(some, others, strict=True)))


def _spell(values: pd.Series) -> Keys:
    """Each value as 64 bits that no other value has: a negative zero is not a zero here."""
    if values.dtype == np.float64:
        return np.ascontiguousarray(values.to_numpy()).view(np.uint64)
    return hash_column(values)
