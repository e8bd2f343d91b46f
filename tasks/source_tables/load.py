"""Load: a lender's files into the source tables, in one transaction, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pyarrow as pa
from sqlalchemy import Connection, Engine, text

from blocks.errors import LoanwatchError
from blocks.postgres.copy import copy_file, quote_name
from blocks.postgres.errors import DatabaseError, SourceMissingError
from blocks.postgres.query_errors import shorten_values
from tasks.contract.columns import Source
from tasks.contract.contract import Contract
from tasks.files.form import FileError
from tasks.files.read import find_line, stream_texts
from tasks.job.job import name_job
from tasks.registry.promote import retire_champion
from tasks.schema.migrate import prepare_schema
from tasks.schema.queries import read_query
from tasks.source_tables.files import CHANGED_NOTHING, LoadFolderError, SourceFile, find_file, read_header
from tasks.source_tables.tables import create_tables, empty_table, lock_sources
from tasks.source_tables.text_stream import TextStream
from tasks.source_tables.typed import TypedReader, find_types

__all__ = ["LoadError", "LoadFolderError", "Progress", "load_tables", "read_header"]

Progress = Callable[[str, int], None]  # the table, and how many of its rows have been read


class LoadError(LoanwatchError):
    """A file cannot or must not be loaded."""


def load_tables(
    engine: Engine, contract: Contract, folder: Path, is_replacing: bool = False, show: Progress | None = None
) -> dict[str, int]:
    """Fill the contract's source tables from their files; returns the rows added to each.

    A file's name is relative to the folder. Missing tables are created. With `is_replacing` existing rows are deleted
    first, and the champion, whose data they were, is retired. Raises LoadFolderError or LoadError; then nothing is
    changed.
    """
    files = [find_file(folder, source) for source in _require_sources(contract)]
    prepare_schema(engine)
    with engine.begin() as connection:
        lock_sources(connection)
        create_tables(
            connection, contract.sources, {source.table: find_types(contract, source) for source in contract.sources}
        )
        _make_room(connection, contract.sources, is_replacing)
        if is_replacing:
            retire_champion(connection, contract.name, "its applications were replaced by flows.load --replace")
        rows = {file.source.table: _copy(connection, contract, file, show) for file in files}
        if is_replacing:
            _note_replacement(connection, contract)
        return rows


def _require_sources(contract: Contract) -> tuple[Source, ...]:
    if not contract.sources:
        raise LoadFolderError(
            f"The contract {contract.name} has no [[source]] tables to load. Add them to the contract."
        )
    return contract.sources


def _make_room(connection: Connection, sources: Sequence[Source], is_replacing: bool) -> None:
    """Empty the tables, or refuse to add to rows that are there."""
    for source in sources:
        table = quote_name(source.table)
        if is_replacing:
            empty_table(connection, source)
        elif connection.execute(text(f"select exists (select from {table})")).scalar_one():  # noqa: S608 - as above
            raise LoadError(
                f"The table {source.table} already has rows. Use --replace to replace them with the files; this "
                f"also retires the champion. {CHANGED_NOTHING}"
            )


def _note_replacement(connection: Connection, contract: Contract) -> None:
    """Into the journal: what runs found before it, they found in other data."""
    now = datetime.now(UTC)
    entry = {
        "contract": contract.name,
        "job_id": name_job(now),
        "job_type": "load",
        "job_date": now.date(),
        "stage": "load",
        "status": "finished",
        "message": "The rows of the source tables were replaced.",
    }
    connection.execute(read_query("journal/add_entry"), entry)


def _copy(connection: Connection, contract: Contract, file: SourceFile, show: Progress | None) -> int:
    reader = TypedReader(contract, file.source)
    batches = _count_rows(reader.read(file.columns, stream_texts(file.path, file.form)), file.source.table, show)
    stream = TextStream(file.columns, batches)
    try:
        rows = copy_file(connection, file.source.table, file.columns, stream)
    except (psycopg2.Error, DatabaseError) as error:
        raise LoadError(f"{_explain(file, stream, error)} {CHANGED_NOTHING}") from None
    _refuse_unread(contract, file, reader)
    # Otherwise the planner lacks statistics for a minute, and chooses slow plans.
    connection.exec_driver_sql(f"analyze {quote_name(file.source.table)}")
    return rows


def _count_rows(batches: Iterator[pa.RecordBatch], table: str, show: Progress | None) -> Iterator[pa.RecordBatch]:
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        if show is not None:
            show(table, rows)
        yield batch


def _refuse_unread(contract: Contract, file: SourceFile, reader: TypedReader) -> None:
    """Raises LoadError where values are not of their column's type, with the line of the first of each column."""
    if not reader.unread:
        return
    told = []
    for name, unread in reader.unread.items():
        row = unread.examples[0][0]
        line = find_line(file.path, file.form, row)
        told.append(f"  {f'line {line}' if line else f'row {row + 1}'}, column {unread.describe(name)}")
    lines = "\n".join(told)
    raise LoadError(f"{file.path} does not have the types of the contract {contract.name}:\n{lines}\n{CHANGED_NOTHING}")


def _explain(file: SourceFile, stream: TextStream, error: psycopg2.Error | DatabaseError) -> str:
    """Why a file was not loaded: what is wrong with it, else with the table. A value is not repeated."""
    if isinstance(stream.failure, FileError):
        return str(stream.failure)
    if stream.failure is not None:
        raise stream.failure
    if isinstance(error, SourceMissingError):
        return (
            f"The table {file.source.table} is there and lacks a column of {file.path}. Drop the table, or name "
            "another one in the contract."
        )
    if isinstance(error, DatabaseError):
        raise error
    said = shorten_values(error.diag.message_primary or type(error).__name__, error.pgcode or "")
    place = (error.diag.context or "").partition(":")[0].split(", ")[1:]
    column = "".join(f", {part}" for part in place if part.startswith("column "))
    return f"{file.path}, {stream.name_rows(file.path, file.form)}{column}: {said}. Correct the file."
