"""Source tables: the lender's own, as the contract names them. Only `flows.load` and the demo create or fill them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from blocks.postgres.copy import quote_name
from tasks.contract.columns import Source
from tasks.schema.locks import Lock, lock_until_commit

Types = Mapping[str, Mapping[str, str]]


def list_existing(connection: Connection, sources: Sequence[Source]) -> list[Source]:
    """The tables that exist in the database, on its search path."""
    found = text("select to_regclass(:table) is not null")
    return [source for source in sources if connection.execute(found, {"table": quote_name(source.table)}).scalar_one()]


def lock_sources(connection: Connection) -> None:
    """Let one process at a time create or fill source tables, until the transaction ends."""
    lock_until_commit(connection, Lock.TABLES)


def create_tables(connection: Connection, sources: Sequence[Source], types: Types | None = None) -> None:
    """Create the missing tables, with text columns where `types` does not say another type by table and column."""
    # A role named like our schema would otherwise put the lender's tables into it.
    connection.execute(text("select set_config('search_path', 'public', true) where current_schema() = 'loanwatch'"))
    for source in sources:
        kinds = (types or {}).get(source.table, {})
        columns = [f"{quote_name(column)} {kinds.get(column, 'text')}" for column in source.columns]
        if source.row_number:
            columns.append(f"{quote_name(source.row_number)} bigint generated always as identity")
        connection.exec_driver_sql(f"create table if not exists {quote_name(source.table)} ({', '.join(columns)})")


def empty_table(connection: Connection, source: Source) -> None:
    """Delete all rows, without truncate: a run that reads them in its snapshot would then find them empty."""
    table = quote_name(source.table)
    connection.exec_driver_sql(f"delete from {table}")  # noqa: S608 - a quoted name of the contract
    if source.row_number:
        connection.exec_driver_sql(f"alter table {table} alter column {quote_name(source.row_number)} restart")
