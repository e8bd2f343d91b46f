"""COPY: rows out of a query and into a table as CSV, at the speed of the server, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Protocol

import psycopg2
from sqlalchemy import Connection

from blocks.postgres.errors import explain_driver
from blocks.postgres.query import Bound, Query, bind
from blocks.postgres.query_errors import explain_query


class Readable(Protocol):
    """What COPY reads from."""

    def read(self, size: int = -1, /) -> Any:
        """The next bytes; none at the end."""


def copy_query(connection: Connection, query: Query | str, parameters: Mapping[str, Any], sink: IO[bytes]) -> None:
    """Write a query's answer to `sink` as CSV with a header; NULL is an empty field, empty text is `""`.

    `parameters` stand in the query as %(name)s, outside quotes. Raises a DatabaseError that names the query's file, and
    the line where it is known.
    """
    bound = _bind(connection, as_query(query).wrap("copy (\n", "\n) to stdout (format csv, header)"), parameters)
    with _explain_errors(bound), _cursor(connection) as cursor:
        cursor.copy_expert(bound.statement, sink, size=1 << 20)


def fetch_row(connection: Connection, query: Query | str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The first row of a query's answer, by column name; nothing where there is none. Otherwise as `copy_query`."""
    bound = _bind(connection, as_query(query), parameters)
    with _explain_errors(bound), _cursor(connection) as cursor:
        cursor.execute(bound.statement)
        row = cursor.fetchone()
        return dict(zip((column.name for column in cursor.description), row, strict=True)) if row else {}


def find_types(connection: Connection, query: Query, parameters: Mapping[str, Any]) -> dict[str, int]:
    """The columns of a query's answer with PostgreSQL's numbers of their types; nothing is read."""
    return dict(list_types(connection, query, parameters))


def list_types(connection: Connection, query: Query, parameters: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The same in the answer's order; a name may be there twice. Raises as `copy_query`."""
    bound = _bind(connection, query.wrap("select * from (\n", "\n) as described limit 0"), parameters)
    with _explain_errors(bound), _cursor(connection) as cursor:
        cursor.execute(bound.statement)
        return [(column.name, column.type_code) for column in cursor.description]


def as_query(query: Query | str) -> Query:
    """A query that may be a mere text."""
    return Query(query) if isinstance(query, str) else query


def _bind(connection: Connection, query: Query, parameters: Mapping[str, Any]) -> Bound:
    with _cursor(connection) as cursor:
        return bind(query, {name: cursor.mogrify("%s", (value,)).decode() for name, value in parameters.items()})


def copy_file(connection: Connection, table: str, columns: tuple[str, ...], source: Readable) -> int:
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
def _explain_errors(bound: Bound | None = None) -> Iterator[None]:
    """Our error in place of the driver's, as the engine does for the statements that it runs itself."""
    try:
        yield
    except psycopg2.Error as error:
        explained = explain_driver(error) if bound is None else explain_query(error, bound)
        if explained is None:
            raise
        raise explained from None
