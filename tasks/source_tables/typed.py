"""Typed tables: the type of each column, and a file's texts as values of it, by the contract's own readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from tasks.contract.columns import Column, Role, Source
from tasks.contract.contract import Contract
from tasks.contract.words import FALSE, TRUE
from tasks.extract.query_results import read_column

NUMBER, WHOLE, TRUTH, TIME, TEXT = "double precision", "bigint", "boolean", "timestamp", "text"
EXAMPLES = 3  # of what cannot be read, in a message
LONGEST_TEXT = 20  # of each
WHAT_TO_SAY = {
    NUMBER: "list texts that mean a missing value in `missing` and what stands beside a number in `affixes`, or say "
    'decimal = ","',
    WHOLE: 'list texts that mean a missing value in `missing`, or say type = "number"',
    TRUTH: 'list other words in `aliases`, texts that mean a missing value in `missing`, or say type = "category"',
    TIME: "list the ways in which times are written in `formats`",
}


@dataclass
class Unread:
    """The values of a column that are not of its type: how many, and the rows and texts of the first."""

    kind: str
    count: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)

    def describe(self, name: str) -> str:
        """Such as `income: 12 values are no double precision ('12 EUR')`."""
        texts = list(dict.fromkeys(shorten(text) for _, text in self.examples))
        many = f"{self.count:,} value{'s' if self.count > 1 else ''} cannot be read"
        return (
            f"{name}: {many} as {self.kind} ({', '.join(map(repr, texts))}). In the contract's column "
            f"{WHAT_TO_SAY[self.kind]}."
        )


def shorten(text: str) -> str:
    """The beginning of a text: it may be a person's."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def find_types(contract: Contract, source: Source) -> dict[str, str]:
    """The type of each column of a table that is not text, by the contract's column that is read from it."""
    if not source.typed:
        return {}
    found = {name: _name_type(column) for name, column in find_columns(contract, source).items()}
    return {name: kind for name, kind in found.items() if kind != TEXT}


def find_columns(contract: Contract, source: Source) -> dict[str, Column]:
    """The contract's column that is read from each column of a table; none where several of other types are.

    Dates that are no column of the contract are read as its time would be, by their own formats.
    """
    dates = {
        name: Column(name="date", role=Role.TIME, type="time", formats=formats).inherit(None, contract.timezone)
        for name, formats in source.dates.items()
    }
    found: dict[str, list[Column]] = {}
    for column in contract.columns:
        found.setdefault(column.source or column.name, []).append(column)
    read = {
        name: columns[0]
        for name, columns in found.items()
        if name in source.columns and len({_name_type(column) for column in columns}) == 1
    }
    return dates | read


def _name_type(column: Column) -> str:
    if column.type == "number":
        return WHOLE if column.whole else NUMBER
    if column.type == "time":
        return TIME
    return TRUTH if column.is_boolean else TEXT


class TypedReader:
    """Texts of one table as its types, batch by batch; what cannot be read is null and is counted."""

    def __init__(self, contract: Contract, source: Source) -> None:
        self.unread: dict[str, Unread] = {}
        self._kinds: Mapping[str, str] = find_types(contract, source)
        self._columns = find_columns(contract, source)
        self._contract = contract
        self._rows = 0

    def read(self, names: tuple[str, ...], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same batches with columns of the table's types, under the table's names."""
        for batch in batches:
            yield pa.record_batch(
                [self._read(name, texts) for name, texts in zip(names, batch.columns, strict=True)], names=list(names)
            )
            self._rows += batch.num_rows

    def _read(self, name: str, texts: pa.Array) -> pa.Array:
        kind = self._kinds.get(name)
        if kind is None:
            return texts
        column = self._columns[name]
        values, is_refused = read_column(column, texts, self._contract.list_missing(column))
        if kind == TRUTH:
            values = values.dictionary_decode()
            is_refused = pc.invert(pc.is_in(values, pa.array([FALSE, TRUE, None])))
            values = pc.if_else(is_refused, None, values)
        if kind == WHOLE:
            values, is_refused = _make_whole(values, is_refused)
        if is_refused is not None and pc.any(is_refused).as_py():
            self._count(name, kind, texts, is_refused)
        return values

    def _count(self, name: str, kind: str, texts: pa.Array, is_refused: pa.Array) -> None:
        unread = self.unread.setdefault(name, Unread(kind))
        unread.count += pc.sum(is_refused).as_py()
        for row in pc.indices_nonzero(is_refused).slice(0, EXAMPLES - len(unread.examples)).to_pylist():
            unread.examples.append((self._rows + row, texts[row].as_py()))


def _make_whole(values: pa.Array, is_refused: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Whole numbers as such: one beyond what a float holds exactly is refused, since it would be another one."""
    is_large = pc.fill_null(pc.greater(pc.abs(values), float(2**53)), False)
    refused = pc.or_(is_refused, is_large) if is_refused is not None else is_large
    return pc.cast(pc.if_else(is_large, None, values), pa.int64()), refused
