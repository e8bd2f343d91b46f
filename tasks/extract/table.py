"""The lender's table as a contract's queries see it: in one snapshot, in the contract's time zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text

from blocks.postgres.connect import read_snapshot
from blocks.postgres.copy import find_types
from blocks.postgres.query import Query
from blocks.postgres.snapshot import import_snapshot
from tasks.contract.contract import Contract
from tasks.extract.query_results import ExtractError

# PostgreSQL's numbers of its types: whole numbers, floating point and numeric; date and both timestamps.
NUMBERS = frozenset({20, 21, 23, 700, 701, 1700})
TIMES = frozenset({1082, 1114, 1184})


@contextmanager
def read_table(engine: Engine, contract: Contract, snapshot: str | None = None) -> Iterator[Connection]:
    """A snapshot in which a day is one of the contract's zone, for times with a zone, too.

    With `snapshot`, it is the one that another connection has exported.
    """
    with read_snapshot(engine) as connection:
        if snapshot is not None:
            import_snapshot(connection, snapshot)
        if contract.timezone != "UTC":
            _set_zone(connection, contract)
        yield connection


def find_typed(
    connection: Connection, query: Query, parameters: Mapping[str, Any], contract: Contract
) -> frozenset[str]:
    """The columns of a query's answer that are numbers or times to the database, where that matters.

    The contract says how the lender's texts are written; a number of the database is not written in that way.
    """
    columns = {column.name: NUMBERS for column in contract.columns if column.decimal not in (None, ".")}
    columns |= {column.name: TIMES for column in contract.columns if column.formats}
    if not columns:
        return frozenset()
    types = find_types(connection, query, parameters)
    return frozenset(name for name, kinds in columns.items() if types.get(name) in kinds)


def _set_zone(connection: Connection, contract: Contract) -> None:
    known = text("select exists (select from pg_timezone_names where name = :zone)")
    if not connection.execute(known, {"zone": contract.timezone}).scalar_one():
        raise ExtractError(
            f"The database server does not know the time zone {contract.timezone} of the contract {contract.name}. "
            "Name one of its pg_timezone_names in `timezone`."
        )
    connection.execute(text("select set_config('TimeZone', :zone, true)"), {"zone": contract.timezone})
