"""Reading the parts: the rows of each as texts and as values, while earlier parts are joined."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from blocks.postgres.copy import quote_name
from blocks.postgres.query import Query
from tasks.contract.columns import Parts
from tasks.contract.contract import Contract
from tasks.contract.queries import read_query
from tasks.core.windows import FIRST_DAY, LAST_DAY, Window
from tasks.extract.parsing import TimeForm, read_whole_seconds
from tasks.extract.query_results import ExtractError, describe_times, read_column, stream_texts
from tasks.extract.table import find_typed

# Some rows: their texts, their values, and which texts are not numbers.
Block = tuple[pa.RecordBatch, pa.RecordBatch, pa.RecordBatch]


@dataclass(frozen=True)
class Part:
    """One part's rows: `texts` as the server wrote them, `typed` as the contract's types, and which texts are invalid.

    Applications of other windows are excluded, and so are the `undated` rows, which have no valid time. Times are read
    in `texts`, too.
    """

    texts: pa.Table
    typed: pa.Table
    is_refused: pa.Table
    undated: int = 0

    def take(self, rows: pa.Array) -> Part:
        """The rows where the mask is true."""
        return Part(self.texts.filter(rows), self.typed.filter(rows), self.is_refused.filter(rows), self.undated)


@dataclass(frozen=True)
class Source:
    """A part's query: the columns that are numbers or times to the database, and how it writes the applications' time.

    Records have no time, and the form is None.
    """

    name: str
    query: Query
    typed: frozenset[str]
    form: TimeForm | None


def find_source(connection: Connection, contract: Contract, name: str, window: Window, *, is_record: bool) -> Source:
    """A part's query as the database understands it; nothing is read."""
    query = read_query(contract, name)
    typed = find_typed(connection, query, {"start": window.start, "end": window.end}, contract)
    form = describe_times(contract.time, is_typed=contract.time.name in typed)
    return Source(name, query, typed, None if is_record else form)


def read_ahead(
    connection: Connection, contract: Contract, queries: Sequence[str], window: Window, loans: Part | None = None
) -> Generator[Part, None, None]:
    """The answer of each query, first the applications, then the records, read by a thread while others are joined.

    With `loans`, the applications are these, and all queries are those of records. Raises ExtractError if a part does
    not return its columns. Close it after use: the thread uses the connection.
    """
    pool = ThreadPoolExecutor(1, "parts")
    try:
        # Only the receiver keeps a part in memory.
        reading = deque(
            pool.submit(_read_part, connection, contract, name, window, is_record=place > 0 or loans is not None)
            for place, name in enumerate(queries)
        )
        if loans is not None:
            yield loans
            del loans
        while reading:
            yield reading.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def read_ids(
    connection: Connection, contract: Contract, parts: Parts, window: Window
) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """The id and the time of every version of a loan in the window, and nothing else of it."""
    parameters = {"start": window.start, "end": window.end}
    names = ", ".join(quote_name(column.name) for column in (contract.id, contract.time))
    query = read_query(contract, parts.days or parts.applications).wrap(f"select {names} from (\n", "\n) as listed")  # noqa: S608
    typed = find_typed(connection, query, parameters, contract)
    form = describe_times(contract.time, is_typed=contract.time.name in typed)
    ids, times = [pa.array([], pa.string())], [pa.array([], pa.timestamp("s"))]
    with stream_texts(connection, query, parameters, contract) as reader:
        for batch in reader:
            read = read_whole_seconds(batch.column(1), form)
            is_kept = _lies_in(read, window.start, window.end)
            ids.append(pc.cast(batch.column(0).filter(is_kept), pa.string()))
            times.append(pc.cast(read.filter(is_kept), pa.timestamp("s")))
    return pa.chunked_array(ids), pa.chunked_array(times)


def stream_blocks(
    connection: Connection, contract: Contract, source: Source, window: Window
) -> Generator[tuple[pa.RecordBatch, int], None, None]:
    """A part's texts as they arrive, and how many rows of each block have no time.

    Of applications, those of the window only, with their times read. The first block is empty, so that there are
    columns without any rows. Raises ExtractError if the part does not return its columns.
    """
    parameters, form, name = {"start": window.start, "end": window.end}, source.form, contract.time.name
    with stream_texts(connection, source.query, parameters, contract) as reader:
        _check(contract, source, reader.schema.names)
        for batch in chain([pa.RecordBatch.from_pylist([], reader.schema)], reader):
            if form is None:
                yield batch, 0
                continue
            times = read_whole_seconds(batch.column(name), form)
            undated = len(times) - _count(_lies_in(times, FIRST_DAY, LAST_DAY))
            read = batch.set_column(batch.schema.get_field_index(name), name, times)
            yield read.filter(_lies_in(times, window.start, window.end)), undated


def join_blocks(blocks: Sequence[Block], undated: int = 0) -> Part:
    """Blocks, at least one, as the part that they make together."""
    texts, values, is_refused = (
        pa.Table.from_batches(batches).unify_dictionaries() for batches in zip(*blocks, strict=True)
    )
    return Part(texts, values, is_refused, undated)


def _read_part(connection: Connection, contract: Contract, name: str, window: Window, *, is_record: bool) -> Part:
    source = find_source(connection, contract, name, window, is_record=is_record)
    blocks, undated = [], 0
    for texts, without_time in stream_blocks(connection, contract, source, window):
        blocks.append(read_block(contract, source.typed, texts))
        undated += without_time
    return join_blocks(blocks, undated)


def _check(contract: Contract, source: Source, names: list[str]) -> None:
    """Refuse a part without the columns needed for joining, or with a column that the contract does not describe."""
    name, wanted = source.name, [contract.customer] if source.form is None else [contract.id, contract.time]
    missing = [column.name for column in wanted if column is not None and column.name not in names]
    described = {column.name for column in contract.columns}
    if missing:
        raise ExtractError(f"The part {name} does not return {', '.join(missing)}. Correct the part or the contract.")
    unknown = [name for name in names if name not in described]
    if unknown:
        raise ExtractError(
            f"The part {name} returns {', '.join(unknown)}, but the contract {contract.name} has no such column. "
            "Correct the part or the contract."
        )


def read_block(contract: Contract, typed: Set[str], texts: pa.RecordBatch) -> Block:
    """A block of texts with its values."""
    values, is_refused = {}, {}
    for column in (contract.column(name) for name in texts.schema.names):
        if column.type == "time":
            values[column.name] = texts.column(column.name)
            continue
        missing, is_typed = contract.list_missing(column), column.name in typed
        values[column.name], refused = read_column(column, texts.column(column.name), missing, is_typed=is_typed)
        if refused is not None:
            is_refused[column.name] = refused
    return texts, pa.RecordBatch.from_pydict(values), pa.RecordBatch.from_pydict(is_refused)


def _lies_in(times: pa.TimestampArray, first: date, last: date) -> pa.BooleanArray:
    """Which times are within the days, both included; a missing time is not."""
    after, midnight = last + timedelta(days=1), time()
    is_in = pc.and_(
        pc.greater_equal(times, datetime.combine(first, midnight)), pc.less(times, datetime.combine(after, midnight))
    )
    return pc.fill_null(is_in, False)


def _count(flags: pa.BooleanArray) -> int:
    return int(pc.sum(flags).as_py() or 0)
