"""Load: a lender's CSV files into the source tables, in one transaction, all or nothing."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import psycopg2
from sqlalchemy import Connection, Engine, text

from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.copy import copy_file, quote_name
from tasks.contract.columns import Source
from tasks.contract.contract import Contract
from tasks.registry.promote import retire_champion
from tasks.schema.migrate import prepare_schema
from tasks.source_tables.tables import create_tables, lock_sources

CHANGED_NOTHING = "Nothing was changed in the database."


class LoadFolderError(UsageError):
    """The folder is not what the contract describes."""


class LoadError(LoanwatchError):
    """A file cannot be loaded, or must not be."""


def load_tables(engine: Engine, contract: Contract, folder: Path, is_replacing: bool = False) -> dict[str, int]:
    """Fill the contract's source tables from TABLE.csv files; returns how many rows each was given.

    Tables that are missing are made. With `is_replacing` their rows make room first, and the champion, whose data is
    gone with them, is retired. Raises LoadFolderError or LoadError, and then nothing was changed.
    """
    headers = {source.table: read_header(folder, source) for source in _require_sources(contract)}
    prepare_schema(engine)
    with engine.begin() as connection:
        lock_sources(connection)
        create_tables(connection, contract.sources)
        _make_room(connection, contract.sources, is_replacing)
        if is_replacing:
            retire_champion(connection, contract.name, "its applications were replaced by flows.load --replace")
        return {
            source.table: _copy(connection, source.table, headers[source.table], folder) for source in contract.sources
        }


def read_header(folder: Path, source: Source) -> tuple[str, ...]:
    """The column names of a source's file, in the file's order. Raises LoadFolderError where they are not the table's.

    The order is free; each column of the source has to be there once, and no other.
    """
    file = _name_file(folder, source.table)
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            names = tuple(name.strip() for name in next(csv.reader(lines), []))
    except (OSError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise LoadFolderError(
            f"{file} cannot be read ({reason}). The folder needs this file: the contract names it."
        ) from None
    mistakes = _compare(names, source.columns)
    if mistakes:
        raise LoadFolderError(f"{file}, line 1: {'; '.join(mistakes)}. Mend the header. {CHANGED_NOTHING}")
    return names


def _compare(names: Sequence[str], expected: Sequence[str]) -> list[str]:
    groups = {
        "lacks the column": [name for name in expected if name not in names],
        "has a column that the contract does not know:": [repr(name) for name in names if name not in expected],
        "has the column twice:": sorted({name for name in names if names.count(name) > 1}),
    }
    return [f"{what} {', '.join(found)}" for what, found in groups.items() if found]


def _require_sources(contract: Contract) -> tuple[Source, ...]:
    if not contract.sources:
        raise LoadFolderError(f"The contract {contract.name} names no [[source]] tables, so nothing can be loaded.")
    return contract.sources


def _make_room(connection: Connection, sources: Sequence[Source], is_replacing: bool) -> None:
    """Empty the tables. Not by truncate: a run that reads them in its snapshot would find them empty."""
    for source in sources:
        table = quote_name(source.table)
        if is_replacing:
            connection.execute(text(f"delete from {table}"))  # noqa: S608 - a quoted name of the contract
        elif connection.execute(text(f"select exists (select from {table})")).scalar_one():  # noqa: S608 - as above
            raise LoadError(
                f"The table {source.table} holds rows already. Add --replace to put the files in their place; the "
                f"champion retires then. {CHANGED_NOTHING}"
            )


def _copy(connection: Connection, table: str, columns: tuple[str, ...], folder: Path) -> int:
    file = _name_file(folder, table)
    try:
        with file.open("rb") as lines:
            rows = copy_file(connection, table, columns, lines)
    except psycopg2.Error as error:
        raise LoadError(f"{file}{_find_line(error)}: {_tell(error)}. Mend the file. {CHANGED_NOTHING}") from None
    # The planner would otherwise know nothing of the rows for a minute, and choose slow plans.
    connection.exec_driver_sql(f"analyze {quote_name(table)}")
    return rows


def _name_file(folder: Path, table: str) -> Path:
    return folder / f"{table}.csv"


def _find_line(error: psycopg2.Error) -> str:
    """Where the server stopped reading: `, line 12, column annual_income`. What stands there is not repeated."""
    place = (error.diag.context or "").partition(":")[0].split(", ")[1:]
    return "".join(f", {part}" for part in place if part.startswith(("line ", "column ")))


def _tell(error: psycopg2.Error) -> str:
    return error.diag.message_primary or type(error).__name__
