"""Rollback: put an earlier champion back into production. It needs no Prefect server, but notifies a running one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from cyclopts import App
from rich.console import Console

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, adopt_database_option, connect, resolve_database
from blocks.prefect_server import find_fault, find_server
from flows.cli.run_locally import report_error
from tasks.alerts.production import report_production
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy
from tasks.job.job import name_job
from tasks.prefect_ui.events import describe_scoring, emit_promotion
from tasks.registry.ledger import Return, roll_back
from tasks.registry.promote import Promotion
from tasks.schema.migrate import prepare_schema

app = App(name="flows.rollback", help="Put an earlier champion back into production.")


@app.default
def command(
    *,
    to: int | None = None,
    effective: date | None = None,
    why: str = "",
    contract: str = "loan_applications",
    database: str | None = None,
) -> int:
    """Put an earlier champion back into production, as a new row of the ledger. Nothing is erased.

    Exit code 0: done; 1: it could not be, and nothing was changed; 2: bad arguments.

    Parameters
    ----------
    to
        The version. Default: the champion before the present one.
    effective
        The first day for which it counts. Default: today. Windows that begin earlier are judged by the model then.
    why
        The reason, for the ledger.
    contract
        What the table is: a contract that comes with loanwatch, or a TOML file.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    """
    now = datetime.now(UTC)
    try:
        table, place = load_contract(contract), resolve_database(adopt_database_option(database))
        engine = connect(place)
        prepare_schema(engine)
        with engine.begin() as connection:
            done = roll_back(connection, table.name, name_job(now), Return(to, effective or now.date(), why))
    except LoanwatchError as error:
        return report_error(error)
    Console(highlight=False).print(
        f"version {done.to_version} is in production in place of version {done.from_version}, from "
        f"{done.effective_from} on",
        soft_wrap=True,
    )
    announce(place, done, describe_scoring(table, place, MonitorPolicy()))
    return 0


def announce(database: Database, done: Promotion, scoring: Mapping[str, Any]) -> None:
    """Report the change in Slack, and let the automations of a configured Prefect server know.

    What is in production stays so, whether anybody hears of it or not. `scoring` are the parameters of the run of
    `score` that one of the automations starts.
    """
    has_server = bool(find_server())
    fault = find_fault() if has_server else None
    said = report_production(database, done, can_deliver=not fault)
    console = Console(stderr=True, highlight=False)
    if said:
        console.print(f"alert: {said}", markup=False, soft_wrap=True)
    if fault:
        warning = f"note: no automation was notified, as {fault} Score with `python -m flows.score`."
        console.print(warning, markup=False, soft_wrap=True)
    elif has_server:
        emit_promotion(done, scoring)


if __name__ == "__main__":
    sys.exit(app())
