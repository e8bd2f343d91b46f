"""Rollback: put an earlier champion back into production. It needs no Prefect server, but notifies a running one."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime

from cyclopts import App
from rich.console import Console

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option, connect, resolve_database
from flows.cli.announce import announce_promotion
from flows.cli.errors import report_error
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy
from tasks.job.job import name_job
from tasks.prefect_ui.events import describe_scoring
from tasks.registry.ledger import Return, roll_back
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
        described, place = load_contract(contract), resolve_database(adopt_database_option(database))
        engine = connect(place)
        prepare_schema(engine)
        with engine.begin() as connection:
            done = roll_back(connection, described.name, name_job(now), Return(to, effective or now.date(), why))
    except LoanwatchError as error:
        return report_error(error)
    Console(highlight=False).print(
        f"version {done.to_version} is in production in place of version {done.from_version}, from "
        f"{done.effective_from} on",
        soft_wrap=True,
    )
    announce_promotion(place, done, describe_scoring(described, place, MonitorPolicy()))
    return 0


if __name__ == "__main__":
    sys.exit(app())
