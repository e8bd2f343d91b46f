"""Models: what is registered, what is in production, and what was; and importing one. It needs no Prefect server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date

from cyclopts import App
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option, connect, resolve_database
from flows.cli.errors import report_error
from flows.cli.import_model import import_model
from tasks.contract.load import load_contract
from tasks.registry.bundle import read_card
from tasks.registry.entries import find_entry_on, read_ledger
from tasks.registry.ledger import LedgerError, verify_ledger
from tasks.registry.self_checks import find_self_check
from tasks.registry.versions import find_current, list_versions, read_version
from tasks.schema.migrate import prepare_schema

app = App(
    name="flows.models",
    help="Which models there are, which is in production, and which was.",
)

app.command(import_model, name="import")


@app.default
def show_all(*, contract: str = "loan_applications", database: str | None = None) -> int:
    """List every version and every promotion.

    Parameters
    ----------
    contract
        What the table is: a contract that comes with loanwatch, or a TOML file.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    """

    def show(console: Console, connection: Connection, name: str) -> None:
        models = Table("version", "state", "kind", "days", "test AUC", box=None, padding=(0, 2, 0, 0))
        for model in list_versions(connection, name):
            measured = model.metrics["test"]["auc"]
            auc = "not tested" if measured is None else f"{measured:.3f}"
            models.add_row(str(model.version), model.state, model.title, str(model.reference), auc)
        ledger = Table("recorded", "effective", "from", "to", "why", box=None, padding=(0, 2, 0, 0))
        for entry in read_ledger(connection, name):
            versions = (_spell(entry.from_version), _spell(entry.to_version))
            ledger.add_row(f"{entry.recorded_at:%Y-%m-%d %H:%M}", str(entry.effective_from), *versions, entry.why)
        for table in (models, ledger):
            console.print(table)
            console.print()
        _show_self_check(console, connection, (name, find_current(connection, name)))

    return _answer(show, contract, database)


@app.command(name="show")
def show_one(version: int, *, contract: str = "loan_applications", database: str | None = None) -> int:
    """Show the model card of one version, after checking its bundle.

    Parameters
    ----------
    version
        Its number.
    contract
        What the table is.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    """

    def show(console: Console, connection: Connection, name: str) -> None:
        model = read_version(connection, name, version)
        card = read_card(model.artifact, model.sha256)
        console.print(f"version {model.version}, {model.state}, {model.artifact}", soft_wrap=True)
        _show_self_check(console, connection, (name, version))
        console.print(card, markup=False, soft_wrap=True)

    return _answer(show, contract, database)


@app.command
def verify(*, contract: str = "loan_applications", database: str | None = None) -> int:
    """Check the ledger's chain of hashes. Exit code 1 where it was tampered with.

    Parameters
    ----------
    contract
        What the table is.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    """

    def show(console: Console, connection: Connection, name: str) -> None:
        entries = read_ledger(connection, name)
        faults = verify_ledger(entries, find_current(connection, name))
        if faults:
            raise LedgerError("The ledger is not as it was written.\n" + "\n".join(faults))
        console.print(f"{len(entries)} rows, and the chain is whole; its last hash is", highlight=False)
        console.print(entries[-1].row_hash if entries else "that of an empty chain")

    return _answer(show, contract, database)


@app.command(name="on")
def show_day(
    day: date, *, as_recorded: bool = False, contract: str = "loan_applications", database: str | None = None
) -> int:
    """Say which model was in production on a day.

    Parameters
    ----------
    day
        Such as 2024-08-31.
    as_recorded
        By the clock, as it was known at the end of the day, in place of the business date.
    contract
        What the table is.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    """

    def show(console: Console, connection: Connection, name: str) -> None:
        entry = find_entry_on(connection, name, day, as_recorded=as_recorded)
        if entry is None or entry.to_version is None:
            console.print(f"{day}: no model was in production.")
            return
        model = read_version(connection, name, entry.to_version)
        console.print(f"{day}: version {model.version}, {model.title}, {model.says_days}.")
        console.print(
            f"Effective from {entry.effective_from}, recorded {entry.recorded_at:%Y-%m-%d %H:%M} UTC: {entry.why}",
            markup=False,
            soft_wrap=True,
        )

    return _answer(show, contract, database)


def _answer(show: Callable[[Console, Connection, str], None], contract: str, database: str | None) -> int:
    """Answer a question from the database; returns the exit code."""
    try:
        name = load_contract(contract).name
        engine = connect(resolve_database(adopt_database_option(database)))
        prepare_schema(engine)
        with engine.connect() as connection:
            show(Console(highlight=False), connection, name)
    except LoanwatchError as error:
        return report_error(error)
    return 0


def _show_self_check(console: Console, connection: Connection, of: tuple[str, int | None]) -> None:
    """What splits of a version's reference have shown; nothing where there is no version."""
    contract, version = of
    if version is None:
        return
    check = find_self_check(connection, contract, version)
    told = check.sentence if check else "not made yet; the next run of `python -m flows.monitor` makes it."
    console.print(f"self-check of version {version}: {told}", markup=False, soft_wrap=True)


def _spell(version: int | None) -> str:
    return "–" if version is None else str(version)


if __name__ == "__main__":
    sys.exit(app())
