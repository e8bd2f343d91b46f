"""Backfill: monitor many past windows, each with the champion that was effective then.

With promotion off, windows share nothing and run side by side: in worker processes here, or as runs of the deployment
`monitor/window` on a work pool. With promotion on they run in order, for each may change the champion of the next.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from prefect import flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from pydantic import Field
from rich.console import Console
from rich.table import Table

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option, connect, resolve_database
from flows.cli.run_locally import report_error, run_flow
from tasks.alerts.backfill import send_backfill_alert
from tasks.alerts.failure import send_failure_alert
from tasks.backfill.local_workers import replay_here
from tasks.backfill.queue import (
    Every,
    Replay,
    cut_windows,
    list_replays,
    name_backfill,
    refuse_failures,
    save_plan,
)
from tasks.backfill.work_pool import replay_on_pool
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy, load_policy
from tasks.core.windows import PlanError, Window
from tasks.schema.migrate import prepare_schema

app = App(name="flows.backfill", help="Monitor many past windows, each with the champion that was effective then.")
log = logging.getLogger("loanwatch")


@flow(
    name="backfill",
    description="Monitor many past windows, each with the champion that was effective then.",
    on_failure=[send_failure_alert],
)
def backfill(
    start: date,
    end: date,
    every: Every = "month",
    champion: int | None = None,
    promote: bool = False,
    workers: Annotated[int, Field(ge=1, le=64)] = 1,
    work_pool: str | None = None,
    contract: str = "loan_applications",
    database: str | None = None,
    results: str = "results",
    models: str = "models",
    policy: MonitorPolicy = MonitorPolicy(),  # noqa: B008 - frozen, and the form that the Prefect UI shows
    afresh: bool = False,
) -> dict[str, Any]:
    """Monitor many past windows. The same request goes on where an earlier one stopped.

    Args:
        start: First day of the first window.
        end: Last day of the last window, included.
        every: How long a window is: a day, a week or a month.
        champion: The version to monitor against. Default: the champion that was effective before each window.
        promote: Whether a model that is proven better may go into production. The windows then run in order.
        workers: How many processes share the windows on this machine.
        work_pool: Share the windows among the workers of this pool instead: a run of monitor/window for each.
        contract: What the table is: a contract that comes with loanwatch, or a TOML file.
        database: A prefect-sqlalchemy block. Default: LOANWATCH_DATABASE_URL, the block loans-postgres, or embedded.
        results: Folder for the runs' pages and records.
        models: Model store: a folder or an fsspec URL.
        policy: Every limit of the runs.
        afresh: Monitor windows again that were finished before.
    """
    if promote and workers > 1:
        raise PlanError("With promotion, windows run in order. Leave --workers out, or --promote.")
    parameters = {
        "contract": contract,
        "database": database,
        "results": results,
        "models": models,
        "policy": policy.model_dump(mode="json"),
        "champion": champion,
        "may_promote": promote,
    }
    name = name_backfill(Window(start, end), every, parameters)
    replays = [
        Replay(name, days, {**parameters, "start": str(days.start), "end": str(days.end), "backfill": name})
        for days in cut_windows(start, end, every)
    ]
    engine = connect(resolve_database(database))
    prepare_schema(engine)
    table = load_contract(contract).name
    save_plan(engine, table, replays, afresh=afresh)
    planned = list_replays(engine, name)
    if work_pool:
        steps = replay_on_pool(engine, planned, work_pool, in_order=promote)
    else:
        steps = replay_here(engine, planned, workers, in_order=promote)
    follow(name, planned, steps)
    done = list_replays(engine, name)
    send_backfill_alert(engine, table, done, policy.alerts)
    refuse_failures(done)
    return {"backfill": name, "windows": [describe(replay) for replay in done]}


def follow(name: str, planned: list[Replay], steps: Iterator[list[Replay]]) -> None:
    """Tell each window that has ended, on the log and as a progress artifact."""
    told = {replay.window for replay in planned if not replay.is_open}
    log.info("backfill %s: %d of %d windows are done already", name, len(told), len(planned))
    artifact = create_progress_artifact(progress=100 * len(told) / len(planned), key=f"backfill-{name}")
    for replays in steps:
        for replay in replays:
            if not replay.is_open and replay.window not in told:
                told.add(replay.window)
                log.info("%d of %d  %s  %s", len(told), len(planned), replay.window, replay.outcome or replay.message)
        update_progress_artifact(artifact, progress=100 * len(told) / len(planned))  # type: ignore[arg-type]


def describe(replay: Replay) -> dict[str, Any]:
    """A window and its end, as plain values."""
    return {
        "start": str(replay.window.start),
        "end": str(replay.window.end),
        "outcome": replay.outcome,
        "attempts": replay.attempts,
    }


def show_windows(console: Console, done: dict[str, Any]) -> None:
    """The windows and their outcomes as a table."""
    table = Table("window", "outcome", box=None, padding=(0, 2, 0, 0))
    for window in done["windows"]:
        table.add_row(f"{window['start']} to {window['end']}", window["outcome"])
    console.print(table)
    console.print(f"outcome: {len(done['windows'])} windows")


@app.default
def command(
    *,
    start: date,
    end: date,
    every: Every = "month",
    champion: int | None = None,
    promote: Annotated[bool, Parameter(negative=())] = False,
    workers: int = 1,
    work_pool: str | None = None,
    contract: str = "loan_applications",
    database: str | None = None,
    results: str = "results",
    models: str = "models",
    policy: Path | None = None,
    afresh: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Monitor many past windows, each with the champion that was effective then. Nothing is promoted unless told.

    The same command goes on where an earlier one stopped; what that one has finished is not done again.

    Parameters
    ----------
    start
        First day of the first window.
    end
        Last day of the last window, included.
    every
        How long a window is.
    champion
        The version to monitor against. Default: the champion that was effective before each window.
    promote
        Let a model that is proven better go into production. The windows then run in order.
    workers
        How many processes share the windows on this machine.
    work_pool
        Share the windows among the workers of this pool instead: a run of monitor/window for each.
    contract
        What the table is: a contract that comes with loanwatch, or a TOML file.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL.
    results
        Folder for the runs' pages and records.
    models
        Model store: a folder or an fsspec URL.
    policy
        Limits other than the default: a TOML file.
    afresh
        Monitor windows again that were finished before.
    """
    asked = dict(locals())
    try:
        cut_windows(start, end, every)
        load_contract(contract)
        asked |= {"policy": load_policy(policy), "database": adopt_database_option(database)}
    except LoanwatchError as error:
        return report_error(error)
    return run_flow(backfill, asked, show_windows)[0]


if __name__ == "__main__":
    sys.exit(app())
