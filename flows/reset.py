"""Reset: clear runs, models and the journal, or only what is old. The lender's own tables are never touched.

With `--embedded` an embedded database goes as a whole.
"""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App
from prefect import flow
from pydantic import Field
from rich.console import Console
from rich.prompt import Confirm

from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.connect import adopt_database_option, connect, resolve_database
from blocks.postgres.embedded import find_data, find_home, remove_unused
from blocks.postgres.embedded_root import list_orphans, remove_orphan
from flows.cli.errors import report_error
from flows.cli.run_locally import run_flow
from tasks.alerts.failure import send_failure_alert
from tasks.contract.load import load_contract
from tasks.core.run_tags import tag_outcome
from tasks.prefect_ui.run_names import name_at_start, show_end
from tasks.run.retention import Cleared, clear, count_rows, list_jobs, prune, remove_bundles, remove_run_folders
from tasks.schema.migrate import prepare_schema

app = App(name="flows.reset", help="Clear runs, models and the journal, or only what is old.")


class AgeError(UsageError):
    """An age that cannot be read."""


@flow(
    name="prune",
    description="Delete the journal, findings, predictions and run folders older than some days.",
    flow_run_name=name_at_start,
    on_failure=[send_failure_alert],
)
def prune_old(
    older_than_days: Annotated[int, Field(ge=1, le=36_500)] = 400,
    contract: str = "loan_applications",
    database: str | None = None,
    results: str = "results",
) -> dict[str, Any]:
    """Delete what is old and that nobody will ask for. The registry, the ledger and the bundles stay.

    Args:
        older_than_days: What is older than so many days goes.
        contract: What the table is: a contract that comes with loanwatch, or a TOML file.
        database: A prefect-sqlalchemy block. Default: LOANWATCH_DATABASE_URL, the block loans-postgres, or embedded.
        results: Folder of the runs' pages and records.
    """
    name = load_contract(contract).name
    engine = connect(resolve_database(database))
    prepare_schema(engine)
    before = datetime.now(UTC) - timedelta(days=older_than_days)
    with engine.begin() as connection:
        jobs = list_jobs(connection, name)
        rows = prune(connection, name, before)
    cleared = Cleared(rows, remove_run_folders(Path(results), before, jobs))
    show_end(f"{sum(rows.values()):,} rows and {cleared.run_folders:,} run folders deleted", tag_outcome("done"))
    return asdict(cleared)


@app.default
def command(
    *,
    yes: bool = False,
    embedded: bool = False,
    older_than: str | None = None,
    contract: str = "loan_applications",
    database: str | None = None,
    results: str = "results",
) -> int:
    """Clear a contract's runs, models, ledger and journal, or with --older-than only what is old.

    Exit code 0: cleared, or the answer was no; 1: it could not be; 2: bad arguments.

    Parameters
    ----------
    yes
        Do not ask.
    embedded
        Remove the embedded database of this folder as a whole, with every table in it, and ask about those of folders
        that are gone.
    older_than
        Such as 400d: only journal, findings, alerts, predictions and run folders older than that. The registry, the
        ledger and the bundles stay.
    contract
        What the table is: a contract that comes with loanwatch, or a TOML file.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL. Default: LOANWATCH_DATABASE_URL, the block
        loans-postgres, or an embedded PostgreSQL under .loanwatch/.
    results
        Folder of the runs' pages and records.
    """
    console = Console(highlight=False)
    try:
        if embedded:
            return remove_databases(console, yes)
        days = read_days(older_than) if older_than else None
        name = load_contract(contract).name
        place = adopt_database_option(database)
        if days is not None:
            parameters = {"older_than_days": days, "contract": contract, "database": place, "results": results}
            what = f"Delete the journal, findings, predictions and run folders of {name} older than {days} days?"
            return run_flow(prune_old, parameters, show_cleared)[0] if yes or Confirm.ask(what) else 0
        return clear_all(console, name, place, results, yes)
    except LoanwatchError as error:
        return report_error(error)


def clear_all(console: Console, contract: str, database: str | None, results: str, yes: bool) -> int:
    """Clear everything of a contract, after asking; returns the exit code."""
    place = resolve_database(database)
    engine = connect(place)
    prepare_schema(engine)
    with engine.connect() as connection:
        counts = count_rows(connection, contract)
    data = find_data(Path(place.name)) if place.kind == "embedded" else None
    console.print(f"In {place}{f' (data in {data})' if data else ''}:", soft_wrap=True)
    name_orphans(console)
    counted = ", ".join(f"{count:,} of {table}" for table, count in counts.items())
    console.print(f"{contract}: {counted}. The source tables stay.", soft_wrap=True)
    if not yes and not Confirm.ask("Delete all of this, the bundles of all models and the run folders, for good?"):
        console.print("nothing was changed")
        return 0
    with engine.begin() as connection:
        jobs = list_jobs(connection, contract)
        rows, bundles = clear(connection, contract)
    # Only now, for what the database still names must be there.
    show_cleared(console, asdict(Cleared(rows, remove_run_folders(Path(results), None, jobs), remove_bundles(bundles))))
    return 0


def remove_databases(console: Console, yes: bool) -> int:
    """Remove this folder's embedded database and, each after a question, those of folders that are gone."""
    home = find_home()
    data = find_data(home)
    if data is None:
        console.print(f"{home} has no embedded database.", soft_wrap=True)
    elif yes or Confirm.ask(f"Remove the embedded database of {home} in {data}, with every table in it, for good?"):
        remove_unused(home)
        console.print(f"removed: {data}", soft_wrap=True)
    if yes:
        name_orphans(console)
        return 0
    for folder, owner in list_orphans().items():
        what = (
            f"{folder} belongs to {owner}, which is gone. If it was moved, its next run finds it. Remove it for good?"
        )
        if Confirm.ask(what, default=False):
            remove_orphan(folder)
            console.print(f"removed: {folder}", soft_wrap=True)
    return 0


def name_orphans(console: Console) -> None:
    """Which embedded databases of root's belong to folders that are gone."""
    for folder, owner in list_orphans().items():
        console.print(
            f"{folder} belongs to {owner}, which is gone or was moved: --embedded asks about it.", soft_wrap=True
        )


def read_days(age: str) -> int:
    """The days of an age such as 400d. Raises AgeError."""
    match = re.fullmatch(r"([1-9]\d{0,4})d", age)
    if match is None:
        raise AgeError(f"{age!r} is no age. Write whole days, such as 400d.")
    return int(match[1])


def show_cleared(console: Console, record: dict[str, Any]) -> None:
    """What is gone."""
    gone = ", ".join(f"{count:,} {table}" for table, count in record["rows"].items())
    console.print(f"cleared: {gone}; {record['run_folders']} run folders, {record['bundles']} bundles", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(app())
