"""Load: a folder of CSV or Parquet files into the lender's tables, all or nothing. It needs no Prefect server."""

from __future__ import annotations

import sys
from pathlib import Path

from cyclopts import App
from rich.console import Console
from sqlalchemy import Engine

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, adopt_database_option, connect, resolve_database
from flows.cli.announce import report_change
from flows.cli.errors import report_error
from flows.cli.load_progress import show_load
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.registry.entries import read_ledger
from tasks.source_tables.index_advice import advise_indexes
from tasks.source_tables.load import LoadFolderError, load_tables

app = App(name="flows.load", help="Load a lender's files into the source tables.")


@app.default
def command(
    folder: Path | None = None,
    *,
    replace: bool = False,
    advise: bool = False,
    contract: str = "loan_applications",
    database: str | None = None,
) -> int:
    """Load the file of each source table of the contract, in one transaction: all of it or nothing.

    Exit code 0: loaded; 1: it could not be, and nothing was changed; 2: bad arguments.

    Parameters
    ----------
    folder
        The folder with the file of each source table: TABLE.csv, or what the contract says in `file`. CSV with a header
        row (any usual separator and encoding), or Parquet.
    replace
        Put the files in the place of the rows that are there. The champion, whose data is gone, retires.
    advise
        Print the indexes that would make extraction faster. They are never created for you. Needs no folder.
    contract
        What the tables are: a contract that comes with loanwatch, or a TOML file.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL. Default: LOANWATCH_DATABASE_URL, the block
        loans-postgres, or an embedded PostgreSQL under .loanwatch/.
    """
    console = Console(highlight=False)
    try:
        if folder is None and (replace or not advise):
            raise LoadFolderError("Name the folder with the files.")
        described = load_contract(contract)
        place = resolve_database(adopt_database_option(database))
        engine = connect(place)
        if folder is not None:
            with show_load() as show:
                counts = load_tables(engine, described, folder, replace, show)
            show_counts(console, counts, str(place))
            if replace:
                report_retirement(console, place, described.name)
        if advise:
            show_advice(console, engine, described)
    except LoanwatchError as error:
        return report_error(error)
    return 0


def report_retirement(console: Console, place: Database, contract: str) -> None:
    """Report that the champion, whose data was replaced, has retired; nothing where there was none."""
    with connect(place).connect() as connection:
        ledger = read_ledger(connection, contract)
    if ledger and ledger[-1].to_version is None:
        alert = report_change(place, ledger[-1])[0]
        told = f"; alert: {alert}" if alert else ""
        console.print(f"version {ledger[-1].from_version} is retired{told}", markup=False, soft_wrap=True)


def show_counts(console: Console, counts: dict[str, int], place: str) -> None:
    """One line for each table, and where they are now."""
    width = max(map(len, counts))
    for table, rows in counts.items():
        console.print(f"  {table:<{width}} {rows:>12,} rows", markup=False)
    console.print(f"loaded into {place}", markup=False, soft_wrap=True)


def show_advice(console: Console, engine: Engine, contract: Contract) -> None:
    """The statements, ready to be copied."""
    with engine.connect() as connection:
        advice = advise_indexes(connection, contract)
    if not advice:
        console.print("no index is missing")
    for entry in advice:
        console.print(f"-- {entry.reason}\n{entry.statement};", markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(app())
