"""COPY: rows out of a query and into a table as CSV, at the speed of the server, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import psycopg2
from sqlalchemy import Connection

from blocks.postgres.errors import explain_driver
from blocks.postgres.single_statement import refuse_many_statements


def copy_query(connection: Connection, query: str, parameters: Mapping[str, Any], sink: IO[bytes]) -> None:
    """Write a query's answer to `sink` as CSV with a header; NULL is an empty field, empty text is `""`.

    `parameters` are bound by the driver, as %(name)s, so that a lone % of the query has to be written %%.
    """
    refuse_many_statements(query)
    with _explain_errors(), _cursor(connection) as cursor:
        bound = cursor.mogrify(query.rstrip().rstrip(";"), dict(parameters)).decode()
        cursor.copy_expert(f"copy (\n{bound}\n) to stdout (format csv, header)", sink, size=1 << 20)


def fetch_row(connection: Connection, query: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The first row of a query's answer, by column name. The parameters are bound as in `copy_query`."""
    refuse_many_statements(query)
    with _explain_errors(), _cursor(connection) as cursor:
        cursor.execute(query, dict(parameters))
        return dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))


def copy_file(connection: Connection, table: str, columns: tuple[str, ...], source: IO[Any]) -> int:
    """Add the rows of a CSV file to a table; returns how many. Its first line, a header, is left out.

    `columns` are in the file's order. An empty field is NULL, `""` is empty text. What is wrong with the file comes out
    as the driver's error, which knows the line.
    """
    named = ", ".join(map(quote_name, columns))
    statement = f"copy {quote_name(table)} ({named}) from stdin (format csv, header)"
    with _explain_errors(), _cursor(connection) as cursor:
        cursor.copy_expert(statement, source, size=1 << 20)
        return int(cursor.rowcount)


def quote_name(name: str) -> str:
    """A table's or column's name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _cursor(connection: Connection) -> Iterator[Any]:
    cursor: Any = connection.connection.cursor()
    with cursor:
        yield cursor


@contextmanager
def _explain_errors() -> Iterator[None]:
    """Our error in place of the driver's, as the engine does for the statements that it runs itself."""
    try:
        yield
    except psycopg2.Error as error:
        explained = explain_driver(error)
        if explained is None:
            raise
        raise explained from None
