"""Load: a lender's CSV files into the source tables, in one transaction, all or nothing."""

from __future__ import annotations

import csv
import getpass
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
from sqlalchemy import Connection, Engine, text

from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.copy import copy_file, quote_name
from tasks.contract.columns import Source
from tasks.contract.contract import Contract
from tasks.job.job import name_job
from tasks.registry.promote import retire_champion
from tasks.schema.migrate import prepare_schema
from tasks.schema.queries import read_query
from tasks.source_tables.tables import create_tables, lock_sources

CHANGED_NOTHING = "Nothing was changed in the database."


class LoadFolderError(UsageError):
    """The folder does not match the contract."""


class LoadError(LoanwatchError):
    """A file cannot or must not be loaded."""


def load_tables(engine: Engine, contract: Contract, folder: Path, is_replacing: bool = False) -> dict[str, int]:
    """Fill the contract's source tables from TABLE.csv files; returns the rows added to each.

    Missing tables are created. With `is_replacing` existing rows are deleted first, and the champion, whose data they
    were, is retired. Raises LoadFolderError or LoadError before anything is changed.
    """
    headers = {source.table: read_header(folder, source) for source in _require_sources(contract)}
    prepare_schema(engine)
    with engine.begin() as connection:
        lock_sources(connection)
        create_tables(connection, contract.sources)
        _make_room(connection, contract.sources, is_replacing)
        if is_replacing:
            retire_champion(connection, contract.name, "its applications were replaced by flows.load --replace")
        rows = {
            source.table: _copy(connection, source.table, headers[source.table], folder) for source in contract.sources
        }
        if is_replacing:
            _note_replacement(connection, contract)
        return rows


def read_header(folder: Path, source: Source) -> tuple[str, ...]:
    """The column names of a source's file, in the file's order. Raises LoadFolderError unless they are the table's.

    Any order is valid; each column of the source must occur once, and no other.
    """
    file = _name_file(folder, source.table)
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            names = tuple(name.strip() for name in next(csv.reader(lines), []))
    except PermissionError:
        raise LoadFolderError(
            f"{file} cannot be read: only others than the user {_name_user()}, as which this runs, may read it. "
            f"Give that user the right (chmod -R a+rX {folder}), or, in a container, run as the files' owner (--user)."
        ) from None
    except (OSError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise LoadFolderError(
            f"{file} cannot be read ({reason}). The contract requires this file in the folder."
        ) from None
    mistakes = _compare(names, source.columns)
    if mistakes:
        raise LoadFolderError(f"{file}, line 1: {'; '.join(mistakes)}. Correct the header. {CHANGED_NOTHING}")
    return names


def _name_user() -> str:
    """Such as `loanwatch (10001)`; a user that a container was given may have no name at all."""
    number = os.getuid()
    try:
        return f"{getpass.getuser()} ({number})"
    except (OSError, KeyError):
        return str(number)


def _compare(names: Sequence[str], expected: Sequence[str]) -> list[str]:
    groups = {
        "is missing the column": [name for name in expected if name not in names],
        "has a column that is not in the contract:": [repr(name) for name in names if name not in expected],
        "has the column twice:": sorted({name for name in names if names.count(name) > 1}),
    }
    return [f"{what} {', '.join(found)}" for what, found in groups.items() if found]


def _require_sources(contract: Contract) -> tuple[Source, ...]:
    if not contract.sources:
        raise LoadFolderError(
            f"The contract {contract.name} has no [[source]] tables to load. Add them to the contract."
        )
    return contract.sources


def _make_room(connection: Connection, sources: Sequence[Source], is_replacing: bool) -> None:
    """Empty the tables, without truncate: a run that reads them in its snapshot would then find them empty."""
    for source in sources:
        table = quote_name(source.table)
        if is_replacing:
            connection.execute(text(f"delete from {table}"))  # noqa: S608 - a quoted name of the contract
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


def _copy(connection: Connection, table: str, columns: tuple[str, ...], folder: Path) -> int:
    file = _name_file(folder, table)
    try:
        with file.open("rb") as lines:
            rows = copy_file(connection, table, columns, lines)
    except psycopg2.Error as error:
        raise LoadError(f"{file}{_find_line(error)}: {_describe(error)}. Correct the file. {CHANGED_NOTHING}") from None
    # Otherwise the planner lacks statistics for a minute, and chooses slow plans.
    connection.exec_driver_sql(f"analyze {quote_name(table)}")
    return rows


def _name_file(folder: Path, table: str) -> Path:
    return folder / f"{table}.csv"


def _find_line(error: psycopg2.Error) -> str:
    """Where the server stopped reading: `, line 12, column annual_income`. The value is not repeated."""
    place = (error.diag.context or "").partition(":")[0].split(", ")[1:]
    return "".join(f", {part}" for part in place if part.startswith(("line ", "column ")))


def _describe(error: psycopg2.Error) -> str:
    return error.diag.message_primary or type(error).__name__
