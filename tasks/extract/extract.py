"""Extract: the applications of a window as one typed frame, read by the contract's query in one snapshot."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine

from blocks.postgres.query import Query
from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.contract.queries import read_query
from tasks.core.memory import release_memory
from tasks.core.windows import Window
from tasks.extract.by_table.assemble import read_tables
from tasks.extract.by_table.in_parts import read_tables_in_parts
from tasks.extract.held_days import count_undated
from tasks.extract.query_results import (
    AMBIGUOUS,
    EXAMPLES,
    OLDER_VERSIONS,
    REPEATS,
    Extract,
    ExtractError,
    Unreadable,
    find_dotted,
    make_frame,
    read_column,
    stream_texts,
)
from tasks.extract.table import find_typed, read_table

__all__ = ["EXAMPLES", "Extract", "ExtractError", "Unreadable"]


def extract_window(engine: Engine, contract: Contract, window: Window) -> Extract:
    """The applications from the window's first to its last day, both included.

    If the contract names its query's parts, they are read instead: the result is the same, in half the time for a large
    window.
    Raises ExtractError if the query lacks a column of the contract, SourceMissingError if the database does.
    """
    with read_table(engine, contract) as connection:
        if contract.parts is not None:
            extract = read_tables(connection, contract, contract.parts, window)
        else:
            undated = count_undated(connection, contract)
            parameters = {"start": window.start, "end": window.end}
            extract = replace(read_answer(connection, read_query(contract), parameters, contract), undated=undated)
    release_memory()  # a run has no other table of this size
    return extract


def read_answer(connection: Connection, query: Query, parameters: dict[str, Any], contract: Contract) -> Extract:
    """The whole result of a query that returns the contract's columns; the parameters are bound by name."""
    typed = find_typed(connection, query, parameters, contract)
    with stream_texts(connection, query, parameters, contract) as reader:
        collected = _Collected(contract, typed)
        collected.check(reader.schema.names)
        for batch in reader:
            collected.add(batch)
    return collected.finish()


def read_batches(contract: Contract, batches: Iterable[pa.RecordBatch]) -> Extract:
    """Texts of any origin as the contract's types: each column is found by the contract's `name`.

    Raises ExtractError where a batch lacks a column of the contract. Rows are neither windowed nor compared: repeats
    and versions stay.
    """
    collected = _Collected(contract)
    for batch in batches:
        missing = list_missing_columns(contract, batch.schema.names)
        if missing:
            raise ExtractError(f"The rows do not have {', '.join(missing)} exactly once, as the contract requires.")
        collected.add(batch)
    return collected.finish()


def list_missing_columns(contract: Contract, names: Sequence[str]) -> list[str]:
    """The contract's columns that do not occur exactly once."""
    return [column.name for column in contract.columns if names.count(column.name) != 1]


def extract_in_parts(
    engine: Engine, contract: Contract, window: Window, most_rows: int
) -> Generator[Extract, None, None]:
    """The same applications in parts of at most about `most_rows`, which are to be put together by their `place`.

    There is at least one. All are of one snapshot. What `undated` counts is the same in each. Raises as
    `extract_window` does, and SpillError where a large window does not fit into the folder of temporary files.
    """
    if contract.parts is not None:
        yield from read_tables_in_parts(engine, contract, contract.parts, window, most_rows)
        return
    with read_table(engine, contract) as connection:
        undated = count_undated(connection, contract)
        for place, part in enumerate(_cut_answer(connection, contract, window, most_rows)):
            yield replace(part, undated=undated, place=place)


def stream_window(engine: Engine, contract: Contract, window: Window, chunk_rows: int) -> Iterator[pd.DataFrame]:
    """The same applications in chunks of about `chunk_rows`, so that a long window needs little memory.

    Raises as `extract_window` does. The transaction stays open until the last chunk.
    """
    with read_table(engine, contract) as connection:
        for part in _cut_answer(connection, contract, window, chunk_rows):
            if len(part):
                yield part.applications


def _cut_answer(connection: Connection, contract: Contract, window: Window, most_rows: int) -> Iterator[Extract]:
    """The answer of the contract's query as it arrives, in parts of about so many rows, at least one."""
    parameters, query = {"start": window.start, "end": window.end}, read_query(contract)
    typed = find_typed(connection, query, parameters, contract)
    with stream_texts(connection, query, parameters, contract) as reader:
        collected = _Collected(contract, typed)
        collected.check(reader.schema.names)
        for batch in reader:
            if collected.rows and collected.rows + batch.num_rows > most_rows:
                yield collected.finish()
                collected = _Collected(contract, typed)
            collected.add(batch)
        yield collected.finish()


class _Collected:
    """The typed batches read so far, and their counts."""

    def __init__(self, contract: Contract, typed: Set[str] = frozenset()) -> None:
        self._contract, self._typed = contract, typed
        self._batches: list[pa.RecordBatch] = []
        self._unreadable: dict[str, Unreadable] = {}
        self._counts = {REPEATS: 0, OLDER_VERSIONS: 0}
        self._ambiguous: list[str] = []
        self._dotted: dict[str, str] = {}

    def check(self, names: list[str]) -> None:
        """Raises ExtractError unless the query returns every column of the contract once."""
        missing = list_missing_columns(self._contract, names)
        if missing:
            raise ExtractError(
                f"The query {self._contract.query} does not return {', '.join(missing)} exactly once. The contract "
                f"{self._contract.name} requires each column once: correct the query or the contract."
            )

    @property
    def rows(self) -> int:
        """The rows that are in no frame yet."""
        return sum(batch.num_rows for batch in self._batches)

    def add(self, batch: pa.RecordBatch) -> None:
        """Convert one batch to its types, and count."""
        ids = batch.column(self._contract.id.name)
        columns = [self._read(column, batch.column(column.name), ids) for column in self._contract.columns]
        self._batches.append(pa.record_batch(columns, [column.name for column in self._contract.columns]))
        for name in self._counts.keys() & set(batch.schema.names):
            self._counts[name] += pc.sum(batch.column(name)).as_py() or 0
        if AMBIGUOUS in batch.schema.names:
            self._ambiguous += ids.filter(batch.column(AMBIGUOUS)).to_pylist()

    def finish(self) -> Extract:
        """The whole extract. The batches are released on the way, to keep one copy only."""
        return Extract(
            self._make_frame(),
            self._unreadable,
            self._counts[REPEATS],
            self._counts[OLDER_VERSIONS],
            tuple(self._ambiguous),
            dotted=self._dotted,
        )

    def _read(self, column: Column, texts: pa.Array, ids: pa.Array) -> pa.Array:
        missing, is_typed = self._contract.list_missing(column), column.name in self._typed
        values, is_refused = read_column(column, texts, missing, is_typed=is_typed)
        if column.type == "number" and column.decimal is None and not self._batches:
            example = find_dotted(texts)
            self._dotted |= {column.name: example} if example else {}
        if is_refused is not None and pc.any(is_refused).as_py():
            self._unreadable.setdefault(column.name, Unreadable()).add(ids, pc.if_else(is_refused, texts, None))
        return values

    def _make_frame(self) -> pd.DataFrame:
        if not self._batches:
            return pd.DataFrame({column.name: _empty(column) for column in self._contract.columns})
        values = pa.Table.from_batches(self._batches).unify_dictionaries()
        self._batches.clear()
        return make_frame(values, self._contract.columns)


def _empty(column: Column) -> pd.Series:
    types = {"number": "float64", "time": "datetime64[ns]", "category": "category"}
    return pd.Series([], dtype=types.get(column.type, "str"))
