"""Score: the champion's probability and decision for every application of a window, written to `prediction`."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import Annotated, Any

from cyclopts import App
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field
from rich.console import Console

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option
from flows.cli.run_locally import report_error, run_flow
from tasks.alerts.failure import send_failure_alert
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy
from tasks.models.score_batch import load_champion, score_applications
from tasks.run.open import open_plain_job
from tasks.run.request import DateOptions, RunRequest, find_scheduled_day

app = App(name="flows.score", help="Score the applications of a window with the champion.")


@flow(
    name="score",
    description="The champion's probability and decision for every application of a window.",
    on_failure=[send_failure_alert],
)
def score(
    start: date | None = None,
    end: date | None = None,
    contract: str = "loan_applications",
    database: str | None = None,
    trailing_days: Annotated[int, Field(ge=1, le=366)] | None = None,
) -> State[dict[str, Any]]:
    """Score the applications of a window, decided or not. A rerun adds what is new and changes nothing.

    Args:
        start: First day of the window. Without dates: the last full month.
        end: Last day of the window, included.
        contract: What the table is: a contract that comes with loanwatch, or a TOML file.
        database: A prefect-sqlalchemy block. Default: LOANWATCH_DATABASE_URL, the block loans-postgres, or embedded.
        trailing_days: Without dates: that many days up to yesterday, or to the last day held, in place of a month.
    """
    asked = DateOptions(start, end, trailing_days=trailing_days)
    request = RunRequest(asked, contract, database, "", "", MonitorPolicy(), scheduled_on=find_scheduled_day())
    job = open_plain_job(request, "score", datetime.now(UTC))
    champion = load_champion(job)
    done = score_applications(job, champion)
    record = {
        "job_id": job.job_id,
        "contract": job.contract.name,
        "window": {"start": job.window.start.isoformat(), "end": job.window.end.isoformat()},
        "version": champion.model.version,
        **done.as_record(),
    }
    message = f"{done.applications:,} applications scored, {done.added:,} predictions new"
    return Completed(name="scored", message=message, data=record)


@app.default
def command(
    *,
    start: date | None = None,
    end: date | None = None,
    contract: str = "loan_applications",
    database: str | None = None,
) -> int:
    """Score the applications of a window, decided or not. A rerun adds what is new and changes nothing.

    Exit code 0: scored; 1: it could not be; 2: bad arguments.

    Parameters
    ----------
    start
        First day of the window. Without dates: the last full month that the table holds.
    end
        Last day of the window, included.
    contract
        What the table is: a contract that comes with loanwatch, or a TOML file.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL. Default: LOANWATCH_DATABASE_URL, the block
        loans-postgres, or an embedded PostgreSQL under .loanwatch/.
    """
    try:
        window = DateOptions(start, end).window
        load_contract(contract)
        database = adopt_database_option(database)
    except LoanwatchError as error:
        return report_error(error)
    days = {"start": window.start if window else None, "end": window.end if window else None}
    return run_flow(score, {**days, "contract": contract, "database": database}, show_scored)[0]


def show_scored(console: Console, record: dict[str, Any]) -> None:
    """What was scored, and how fast."""
    window = record["window"]
    console.print(
        f"\n{record['contract']}, {window['start']} to {window['end']}: {record['applications']:,} applications scored "
        f"by version {record['version']}; {record['added']:,} predictions are new",
        soft_wrap=True,
    )
    console.print(f"took {record['seconds']:.1f} s, {record['rate']:,.0f} applications a second", style="dim")


if __name__ == "__main__":
    sys.exit(app())
