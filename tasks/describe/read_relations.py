"""Reading what is described from a database: tables, views, materialised views. Nothing is written there."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import UsageError
from blocks.postgres.connect import read_snapshot
from blocks.postgres.copy import copy_query, quote_name
from tasks.describe.samples import MOST_ROWS, SampledColumn, SampledTable, sample_table
from tasks.describe.sources import DescribedSource
from tasks.describe.vocabulary import write_names
from tasks.files.csv_files import as_texts
from tasks.schema.queries import read_query

_SEED = 0.5


class RelationError(UsageError):
    """A table or view cannot be described; the message says what to do."""


class RelationReader:
    """One or several tables or views of one database."""

    def __init__(self, engine: Engine, names: Sequence[str]) -> None:
        self._engine = engine
        with read_snapshot(engine) as connection:
            found = [_find_relation(connection, name) for name in names]
            tables = write_names([name for _, name in found]).values()
            self.sources = [
                _describe_relation(connection, relation, table)
                for (relation, _), table in zip(found, tables, strict=True)
            ]

    def sample(self, table: str) -> SampledTable:
        """A random sample of the rows, and counts of all."""
        source = next(source for source in self.sources if source.table == table)
        with read_snapshot(self._engine) as connection:
            try:
                rows, blanks = _count(connection, source)
                if rows == 0:
                    raise RelationError(f"{source.relation} holds no rows. Fill it, or name another table or view.")
                sampled = sample_table(table, [_read_sample(connection, source, rows)], MOST_ROWS)
                columns = tuple(
                    _add_counts(connection, source, column, blanks[column.name] / rows) for column in sampled.columns
                )
            except SQLAlchemyError as error:
                raise RelationError(
                    f"{source.relation} cannot be read: {_first_line(error)}. SECURITY.md lists the rights that a role "
                    "needs."
                ) from None
        return replace(sampled, rows=rows, columns=columns)

    def read_keys(self, table: str, column: str) -> pa.StringArray:
        """All values of a column."""
        source = next(source for source in self.sources if source.table == table)
        key = quote_name(column)
        query = f"select distinct {key}::text as key from {source.relation} where {key} is not null"  # noqa: S608 - quoted
        with read_snapshot(self._engine) as connection:
            return _copy_texts(connection, query, ["key"]).column(0)


def _find_relation(connection: Connection, name: str) -> tuple[str, str]:
    """The relation's full name as SQL quotes it, and its short one."""
    exact = name if '"' in name else ".".join(map(quote_name, name.split(".", 1)))
    query = read_query("describe/find_relation")
    try:
        with connection.begin_nested():
            row = connection.execute(query, {"exact": exact, "written": name}).one_or_none()
    except SQLAlchemyError:
        row = None  # such as a name that SQL cannot read
    if row is None:
        raise RelationError(
            f"There is no file, table or view {name!r}. Write a table as the database has it, with its schema if it is "
            "not public: lending.applications."
        )
    return str(row.relation), str(row.name)


def _describe_relation(connection: Connection, relation: str, table: str) -> DescribedSource:
    rows = connection.execute(read_query("describe/list_columns"), {"relation": relation}).all()
    return DescribedSource(
        table, relation, tuple(str(row.name) for row in rows), declared={str(row.name): str(row.type) for row in rows}
    )


def _count(connection: Connection, source: DescribedSource) -> tuple[int, dict[str, int]]:
    """All rows, and those without a value, by column."""
    known = [f"count(nullif(btrim({quote_name(name)}::text), ''))" for name in source.columns]
    query = f"select count(*), {', '.join(known)} from {source.relation}"  # noqa: S608 - quoted names
    row: Sequence[Any] = connection.execute(text(_escape(query))).one()
    rows = int(row[0])
    return rows, {name: rows - int(count) for name, count in zip(source.columns, row[1:], strict=True)}


def _escape(statement: str) -> str:
    """A colon in a name begins no parameter."""
    return statement.replace(":", "\\:")


def _read_sample(connection: Connection, source: DescribedSource, rows: int) -> pa.RecordBatch:
    """Of a large table rows by chance, the same ones each time."""
    columns = ", ".join(f"{quote_name(name)}::text as {quote_name(name)}" for name in source.columns)
    connection.execute(text("select setseed(:seed)"), {"seed": _SEED})
    where = "" if rows <= MOST_ROWS else f" where random() < {MOST_ROWS / rows}"
    query = f"select {columns} from {source.relation}{where}"  # noqa: S608 - quoted names
    return _copy_texts(connection, query, source.columns)


def _copy_texts(connection: Connection, query: str, names: Sequence[str]) -> pa.RecordBatch:
    """The answer of a query, as texts."""
    sink = io.BytesIO()
    copy_query(connection, query, {}, sink)
    lines = arrow_csv.ParseOptions(newlines_in_values=True)
    sink.seek(0)
    table = arrow_csv.read_csv(sink, parse_options=lines, convert_options=as_texts(names)).combine_chunks()
    return table.to_batches()[0] if table.num_rows else pa.RecordBatch.from_pylist([], table.schema)


def _add_counts(connection: Connection, source: DescribedSource, column: SampledColumn, blank: float) -> SampledColumn:
    """What all rows say: which have a value, and whether all of these differ."""
    is_unique = column.is_unique
    if is_unique and len(column.texts) >= MOST_ROWS // 2:
        name = quote_name(column.name)
        query = f"select count({name}) = count(distinct {name}::text) from {source.relation}"  # noqa: S608 - quoted
        is_unique = bool(connection.execute(text(_escape(query))).scalar_one())
    return replace(column, is_unique=is_unique, declared=source.declared[column.name], blank=blank)


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", error)).strip().partition("\n")[0]
