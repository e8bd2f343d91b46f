"""Extract: the applications of a window as one typed frame, read by the contract's query in one snapshot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Thread
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import Connection, Engine

from blocks.copying import copy_query, fetch_row
from blocks.database import connect, read_snapshot
from tasks.contract import Column, Contract
from tasks.errors import LoanwatchError
from tasks.job import Job
from tasks.journal import stage
from tasks.typed import read_numbers, read_times, read_words
from tasks.windows import FIRST_DAY, LAST_DAY, Window

REPEATS, OLDER_VERSIONS, AMBIGUOUS = "loanwatch_repeats", "loanwatch_older_versions", "loanwatch_is_ambiguous"
EXAMPLES = 5  # ids that a finding names


class ExtractError(LoanwatchError):
    """The contract's query and the contract do not fit together."""


@dataclass
class Unreadable:
    """Values of one column that are not of its type: how many, and the ids of the first few."""

    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extract:
    """The applications of a window, one row each, exactly the contract's columns; and what the reading came across.

    `unreadable` names number and time columns with values that are no number or time; they are missing in the frame.
    `repeats` exact repeats and `older_versions` of the window's loans have collapsed; `ambiguous` are the ids of
    applications whose customer has conflicting records; `undated` rows of the whole table have no readable time.
    """

    applications: pd.DataFrame
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    repeats: int = 0
    older_versions: int = 0
    ambiguous: tuple[str, ...] = ()
    undated: int = 0


@stage("extract", lambda extract: f"{len(extract.applications):,} applications")
def extract_applications(job: Job) -> Extract:
    """The applications of the job's window."""
    return extract_window(connect(job.database), job.contract, job.window)


def extract_window(engine: Engine, contract: Contract, window: Window) -> Extract:
    """The applications from the window's first to its last day, both included.

    Raises ExtractError where the query lacks a column of the contract, SourceMissingError where the database does.
    """
    with read_snapshot(engine) as connection:
        undated = _count_undated(connection, contract)
        extract = read_answer(connection, contract.read_query(), {"start": window.start, "end": window.end}, contract)
    return replace(extract, undated=undated)


def read_answer(connection: Connection, query: str, parameters: dict[str, Any], contract: Contract) -> Extract:
    """The whole answer of a query that returns the contract's columns; the parameters are bound by name."""
    collected = _Collected(contract)
    with _stream(connection, query, parameters, contract) as reader:
        collected.check(reader.schema.names)
        for batch in reader:
            collected.add(batch)
    return collected.finish()


def stream_window(engine: Engine, contract: Contract, window: Window, chunk_rows: int) -> Iterator[pd.DataFrame]:
    """The same applications some at a time, about `chunk_rows` of them, so that a long window needs little memory.

    Raises as `extract_window` does. The transaction is open until the last one was taken.
    """
    with read_snapshot(engine) as connection:
        collected = _Collected(contract)
        parameters = {"start": window.start, "end": window.end}
        with _stream(connection, contract.read_query(), parameters, contract) as reader:
            collected.check(reader.schema.names)
            for batch in reader:
                collected.add(batch)
                if collected.rows >= chunk_rows:
                    yield collected.finish().applications
            if collected.rows:
                yield collected.finish().applications


def find_held_days(engine: Engine, contract: Contract) -> Window | None:
    """The days of the first and the last application that the table holds; None where it holds none."""
    with read_snapshot(engine) as connection:
        if contract.undated_query is not None:
            row = fetch_row(connection, contract.read_query(contract.undated_query), _ANY_DAY)
            if {"first_day", "last_day"} <= row.keys():
                return Window(row["first_day"], row["last_day"]) if row["first_day"] else None
        time = contract.time.name
        query = contract.read_query().rstrip().rstrip(";")
        held = f"select min({time})::date as first_day, max({time})::date as last_day from (\n{query}\n) as held"  # noqa: S608 - the contract's own names
        row = fetch_row(connection, held, _ANY_DAY)
    return Window(row["first_day"], row["last_day"]) if row["first_day"] else None


_ANY_DAY = {"start": FIRST_DAY, "end": LAST_DAY}


def _count_undated(connection: Connection, contract: Contract) -> int:
    if contract.undated_query is None:
        return 0
    return int(next(iter(fetch_row(connection, contract.read_query(contract.undated_query), _ANY_DAY).values())))


@contextmanager
def _stream(
    connection: Connection, query: str, parameters: dict[str, Any], contract: Contract
) -> Iterator[csv.CSVStreamingReader]:
    """The query's answer as record batches of texts, while the server still writes it. An error of the server wins."""
    reading, writing = os.pipe()
    failures: list[Exception] = []

    def write() -> None:
        try:
            with open(writing, "wb", buffering=1 << 20) as sink:
                copy_query(connection, query, parameters, sink)
        except Exception as error:
            failures.append(error)

    writer = Thread(target=write, name="copy", daemon=True)
    writer.start()
    try:
        # Buffered, as a bare pipe hands out little at a time, and every block costs its overhead.
        with open(reading, "rb") as source:
            yield _open_reader(source, contract)
    except pa.ArrowInvalid as error:
        writer.join()
        if not failures:
            raise ExtractError(f"The answer of {contract.query} cannot be read: {error}. Mend the query.") from None
    finally:
        writer.join()
        if failures and not isinstance(failures[0], BrokenPipeError):
            raise failures[0]


def _open_reader(source: IO[bytes], contract: Contract) -> csv.CSVStreamingReader:
    types = {column.name: _TEXT_TYPES.get(column.type, pa.string()) for column in contract.columns}
    options = csv.ConvertOptions(
        column_types={**types, REPEATS: pa.int64(), OLDER_VERSIONS: pa.int64(), AMBIGUOUS: pa.bool_()},
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
        true_values=["t"],
        false_values=["f"],
    )
    return csv.open_csv(
        source,
        read_options=csv.ReadOptions(block_size=4 << 20),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=options,
    )


_TEXT_TYPES = {"category": pa.dictionary(pa.int32(), pa.string())}


class _Collected:
    """The batches read so far, typed, and the bookkeeping that goes with them."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._batches: list[pa.RecordBatch] = []
        self._unreadable: dict[str, Unreadable] = {}
        self._counts = {REPEATS: 0, OLDER_VERSIONS: 0}
        self._ambiguous: list[str] = []

    def check(self, names: list[str]) -> None:
        """Raises ExtractError where the query does not return every column of the contract once."""
        missing = [column.name for column in self._contract.columns if names.count(column.name) != 1]
        if missing:
            raise ExtractError(
                f"The query {self._contract.query} does not return {', '.join(missing)} (once): the contract "
                f"{self._contract.name} says that it does. Mend the query or the contract."
            )

    @property
    def rows(self) -> int:
        """The rows that no frame was made of yet."""
        return sum(batch.num_rows for batch in self._batches)

    def add(self, batch: pa.RecordBatch) -> None:
        """Type one batch, and count."""
        ids = batch.column(self._contract.id.name)
        columns = [self._read(column, batch.column(column.name), ids) for column in self._contract.columns]
        self._batches.append(pa.record_batch(columns, [column.name for column in self._contract.columns]))
        for name in self._counts.keys() & set(batch.schema.names):
            self._counts[name] += pc.sum(batch.column(name)).as_py() or 0
        if AMBIGUOUS in batch.schema.names:
            self._ambiguous += ids.filter(batch.column(AMBIGUOUS)).to_pylist()

    def finish(self) -> Extract:
        """The whole extract. The batches are given up on the way, to hold one copy only."""
        return Extract(
            self._make_frame(),
            self._unreadable,
            self._counts[REPEATS],
            self._counts[OLDER_VERSIONS],
            tuple(self._ambiguous),
        )

    def _read(self, column: Column, texts: pa.Array, ids: pa.Array) -> pa.Array:
        if column.type == "category":
            return read_words(texts, column.aliases)
        if column.type == "text":
            return texts
        values, is_refused = (read_numbers if column.type == "number" else read_times)(texts)
        count = pc.sum(is_refused).as_py() or 0
        if count:
            found = self._unreadable.setdefault(column.name, Unreadable())
            found.count += count
            examples = ids.filter(is_refused).slice(0, EXAMPLES - len(found.examples)).to_pylist()
            found.examples += tuple(map(str, examples))
        return values

    def _make_frame(self) -> pd.DataFrame:
        if not self._batches:
            return pd.DataFrame({column.name: _empty(column) for column in self._contract.columns})
        table = pa.Table.from_batches(self._batches).unify_dictionaries()
        self._batches.clear()
        frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True, date_as_object=False)
        for column in self._contract.columns:
            if column.type == "number":
                frame[column.name] = frame[column.name].astype("float64")
            elif column.type == "time":
                frame[column.name] = frame[column.name].astype("datetime64[ns]")
            elif column.type == "category":
                frame[column.name] = frame[column.name].cat.remove_unused_categories()
        return frame


def _empty(column: Column) -> pd.Series:
    types = {"number": "float64", "time": "datetime64[ns]", "category": "category"}
    return pd.Series([], dtype=types.get(column.type, "object"))
