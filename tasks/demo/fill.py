"""Fill: the demo's applications for an empty database."""

from __future__ import annotations

import io
import logging

import pandas as pd
from sqlalchemy import Connection, Engine

from blocks.postgres.connect import Database
from blocks.postgres.copy import copy_file, quote_name
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.demo.generator import DEMO_CONTRACT, make_applications
from tasks.schema.queries import read_query
from tasks.source_tables.tables import create_tables, list_existing, lock_sources

log = logging.getLogger("loanwatch")


def fill_demo(engine: Engine, database: Database, contract: Contract) -> bool:
    """Create and fill the demo's source tables; returns whether that was done.

    Only in the embedded database, only for the demo's own contract, and only if none of its tables exists.
    """
    if database.kind != "embedded" or contract.file != load_contract(DEMO_CONTRACT).file:
        return False
    with engine.begin() as connection:
        # Two concurrent first runs must not both fill the tables.
        lock_sources(connection)
        if list_existing(connection, contract.sources):
            return False
        rows = _fill(connection, contract)
    log.info("The database was empty: %s synthetic applications of a demo lender were added. %s", f"{rows:,}", _NEXT)
    return True


def fill_empty(engine: Engine) -> bool:
    """Fill a database that holds no tables but ours; returns whether the demo is in it, from now or from before."""
    contract = load_contract(DEMO_CONTRACT)
    with engine.begin() as connection:
        lock_sources(connection)
        table = quote_name(contract.sources[0].table)
        if connection.execute(read_query("demo/count_tables")).scalar_one():
            return _is_demo(connection, table)
        mark = _write_mark(_fill(connection, contract))
        connection.exec_driver_sql(f"comment on table {table} is '{mark}'")
    return True


def _is_demo(connection: Connection, table: str) -> bool:
    """Whether the table is marked as ours, and nobody has put other rows into it since."""
    mark = connection.execute(read_query("demo/find_mark"), {"table": table}).scalar()
    if mark is None:
        return False
    rows = connection.exec_driver_sql(f"select count(*) from {table}").scalar_one()  # noqa: S608 - a quoted name
    return bool(mark == _write_mark(rows))


def _write_mark(rows: int) -> str:
    return f"The demo of loanwatch: {rows} synthetic applications"


_NEXT = "To monitor your own data, see `python -m flows.load --help`, or use --database."


def _fill(connection: Connection, contract: Contract) -> int:
    """Create and fill the demo's tables; returns how many applications."""
    tables = make_applications()
    create_tables(connection, contract.sources)
    for source in contract.sources:
        copy_frame(connection, source.table, tables[source.table])
    return len(tables[contract.sources[0].table])


def copy_frame(connection: Connection, table: str, rows: pd.DataFrame) -> int:
    """Add a frame of texts to a table; returns how many rows."""
    written = rows.to_csv(index=False).encode()
    count = copy_file(connection, table, tuple(rows.columns), io.BytesIO(written))
    connection.exec_driver_sql(f"analyze {quote_name(table)}")
    return count
