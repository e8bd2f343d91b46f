"""The applications of a request as columns: read together where all is as usual, and one by one where it is not.

`deployments/api/form.py` says what a value means and what is wrong with it. A list's columns are read in a few steps
each, and only an application with something unusual in it goes through the form, which tells its mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from deployments.api.form import Form, Unread, make_row, read_id, read_number, read_word
from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.arrays import Mask
from tasks.models.matrix_rows import Values

# Words are kept with what they mean, unless there are too many, or one is too long.
MOST_KEPT_WORDS, LONGEST_KEPT_WORD = 10_000, 200
FEW = 8  # values of which an array takes longer than reading each

ReadColumn = Callable[[list[Any]], tuple[Values, list[int]]]


@dataclass(frozen=True)
class Rows:
    """The applications that could be read, by their columns, and those that could not, by their place in the request.

    `places` are those of the applications that could be read.
    """

    count: int
    places: Sequence[int]
    ids: list[str | int | None]
    columns: Mapping[str, Values]
    unread: Mapping[int, Unread]


def make_frame(contract: Contract, values: Mapping[str, Values]) -> pd.DataFrame:
    """Columns as a frame for a model's pipeline."""
    types = {column.name: float if column.type == "number" else object for column in contract.features}
    return pd.DataFrame({name: pd.Series(values[name], dtype=kind) for name, kind in types.items()})


def gather_rows(contract: Contract, applications: Sequence[Form | Unread]) -> Rows:
    """Applications that went through the form."""
    places = [place for place, one in enumerate(applications) if isinstance(one, Form)]
    read = [applications[place] for place in places]
    values: dict[str, Values] = {}
    for column in contract.features:
        given = [getattr(one, column.name) for one in read]
        values[column.name] = np.array(given, dtype=np.float64) if column.type == "number" else given
    unread = {place: one for place, one in enumerate(applications) if isinstance(one, Unread)}
    return Rows(len(applications), places, [getattr(one, contract.id.name) for one in read], values, unread)


class RowReader:
    """Reads applications as they were parsed from JSON, with the form's answers."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._required = frozenset(column.name for column in contract.features)
        self._known = frozenset(column.name for column in contract.columns)
        self._readers = {column.name: _make_reader(contract, column) for column in contract.features}
        self._form: TypeAdapter[Form | Unread] = TypeAdapter(make_row(contract))

    def read(self, applications: list[Any]) -> Rows:
        """The applications of a list; one that cannot be read is no obstacle for the others."""
        kept = self._find_complete(applications)
        rows = [applications[place] for place in kept]
        ids, refused = _read_each(read_id, [row.get(self._contract.id.name) for row in rows])
        values: dict[str, Values] = {}
        for name, read in self._readers.items():
            values[name], wrong = read([row[name] for row in rows])
            refused += wrong
        if not refused and len(kept) == len(applications):
            return Rows(len(applications), kept, ids, values, {})
        is_read = np.ones(len(rows), dtype=np.bool_)
        is_read[refused] = False
        return self._part(applications, Rows(len(applications), kept, ids, values, {}), is_read)

    def _find_complete(self, applications: list[Any]) -> list[int]:
        """The places of the applications with all columns and no other; most of a list have the same ones."""
        known: set[tuple[str, ...]] = set()
        found = []
        for place, application in enumerate(applications):
            if type(application) is dict:
                names = tuple(application)
                if names in known or self._required <= application.keys() <= self._known:
                    known.add(names)
                    found.append(place)
        return found

    def _part(self, applications: list[Any], rows: Rows, is_read: Mask) -> Rows:
        """The rows that could be read, and what the form says of all others."""
        places = list(compress(rows.places, is_read))
        others = sorted(set(range(rows.count)).difference(places))
        said = ((place, self._form.validate_python(applications[place])) for place in others)
        unread = {place: one for place, one in said if isinstance(one, Unread)}
        if len(unread) < len(others):  # what the form says counts
            return gather_rows(self._contract, [self._form.validate_python(one) for one in applications])
        values: dict[str, Values] = {
            name: column[is_read] if isinstance(column, np.ndarray) else list(compress(column, is_read))
            for name, column in rows.columns.items()
        }
        return Rows(rows.count, places, list(compress(rows.ids, is_read)), values, unread)


def _make_reader(contract: Contract, column: Column) -> ReadColumn:
    missing = contract.list_missing(column)
    if column.type == "number":
        return partial(_read_numbers, partial(read_number, column, missing), column.whole)
    kept: dict[str | None, str | None] = {None: None}
    return partial(_read_words, partial(read_word, column, missing), kept)


def _read_numbers(read: Callable[[Any], float | None], whole: bool, values: list[Any]) -> tuple[Values, list[int]]:
    """A column of numbers, NaN where one is missing, and the places of those that are refused."""
    if len(values) >= FEW and {*map(type, values)} <= {float, int, NoneType}:
        try:
            numbers = np.array(values, dtype=np.float64)
        except OverflowError:
            return _read_each(read, values)
        is_odd = ~np.isfinite(numbers) | (numbers != np.floor(numbers)) if whole else ~np.isfinite(numbers)
        return numbers, [place for place in np.flatnonzero(is_odd).tolist() if values[place] is not None]
    return _read_each(read, values)


def _read_words(
    read: Callable[[Any], str | None], kept: dict[str | None, str | None], values: list[Any]
) -> tuple[Values, list[int]]:
    """A column of words, None where one is missing, and the places of those that are refused."""
    if not {*map(type, values)} <= {str, NoneType}:
        return _read_each(read, values)
    for word in {*values}.difference(kept):
        if len(kept) >= MOST_KEPT_WORDS or len(word) > LONGEST_KEPT_WORD:
            return _read_each(read, values)
        kept[word] = read(word)  # of a text it refuses none
    return [kept[word] for word in values], []


def _read_each(read: Callable[[Any], Any], values: list[Any]) -> tuple[list[Any], list[int]]:
    """Each value as `read` gives it, and the places where it refuses."""
    found, refused = [], []
    for place, value in enumerate(values):
        try:
            found.append(read(value))
        except ValueError:
            found.append(None)
            refused.append(place)
    return found, refused
