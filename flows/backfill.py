"""Backfill: monitor many past windows, each with the champion that was effective then.

With promotion off, windows share nothing and run side by side: in worker processes here, or as runs of the deployment
`monitor/window` on a work pool. With promotion on they run in order, for each may change the champion of the next.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App
from prefect import flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from rich.console import Console
from rich.table import Table

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from flows.cli.errors import report_error
from flows.cli.form import takes
from flows.cli.options import POLICY_HELP, SPREAD, as_parameters, read_options
from flows.cli.run_locally import run_flow
from tasks.alerts.backfill import send_backfill_alert
from tasks.alerts.failure import send_failure_alert
from tasks.backfill.local_workers import prepare_worker, replay_here
from tasks.backfill.queue import (
    Replay,
    cut_windows,
    list_replays,
    name_backfill,
    refuse_failures,
    save_plan,
)
from tasks.backfill.work_pool import replay_on_pool
from tasks.core.windows import PlanError, Window
from tasks.prefect_ui.backfill_artifact import publish_backfill
from tasks.prefect_ui.run_names import name_at_start
from tasks.run.open import prepare_database
from tasks.run.request import BackfillRequest, MonitorRequest

app = App(name="flows.backfill")
log = logging.getLogger("loanwatch")
WORKER = "flows.backfill_worker"


@flow(
    name="backfill",
    description="Monitor many past windows, each with the champion that was effective then.",
    flow_run_name=name_at_start,
    validate_parameters=False,
    on_failure=[send_failure_alert],
)
@takes(BackfillRequest)
def backfill(request: BackfillRequest) -> State[dict[str, Any]]:
    """Monitor many past windows. The same request continues where an earlier one stopped."""
    if request.promote and request.workers > 1:
        raise PlanError("With `promote`, windows run in order. Leave `workers` out, or `promote`.")
    replays = plan_replays(request)
    table = prepare_database(request)
    engine, contract = connect(table.database), table.contract.name
    name = replays[0].backfill
    save_plan(engine, contract, replays, afresh=request.afresh)
    planned = list_replays(engine, name)
    if request.work_pool:
        steps = replay_on_pool(engine, planned, request.work_pool, in_order=request.promote)
    else:
        steps = replay_here(engine, planned, request.workers, WORKER, in_order=request.promote)
    follow(name, planned, steps)
    done = list_replays(engine, name)
    send_backfill_alert(engine, contract, done, request.policy.alerts)
    said = publish_backfill(engine, contract, done)
    refuse_failures(done)
    return Completed(message=said, data={"backfill": name, "windows": [describe(replay) for replay in done]})


def plan_replays(request: BackfillRequest) -> list[Replay]:
    """Every window of a backfill, with the parameters of its run of the monitor flow."""
    window = MonitorRequest(
        contract=request.contract,
        database=request.database,
        results=request.results,
        models=request.models,
        policy=request.policy,
        champion=request.champion,
        may_promote=request.promote,
    )
    shared = ("contract", "database", "results", "models", "policy", "champion", "may_promote")
    parameters = window.model_dump(mode="json", include=set(shared))
    name = name_backfill(Window(request.start, request.end), request.every, parameters)
    return [
        Replay(name, days, {**parameters, "start": str(days.start), "end": str(days.end)})
        for days in cut_windows(request.start, request.end, request.every)
    ]


def follow(name: str, planned: list[Replay], steps: Iterator[list[Replay]]) -> None:
    """Report each window that has ended, in the log and as a progress artifact."""
    reported = {replay.window for replay in planned if not replay.is_open}
    log.info("backfill %s: %d of %d windows are done already", name, len(reported), len(planned))
    artifact = create_progress_artifact(progress=100 * len(reported) / len(planned), key=f"backfill-{name}")
    for replays in steps:
        for replay in replays:
            if not replay.is_open and replay.window not in reported:
                reported.add(replay.window)
                log.info(
                    "%d of %d  %s  %s", len(reported), len(planned), replay.window, replay.outcome or replay.message
                )
        update_progress_artifact(artifact, progress=100 * len(reported) / len(planned))  # type: ignore[arg-type]


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
def command(*, options: Annotated[BackfillRequest, SPREAD], policy: Annotated[Path | None, POLICY_HELP] = None) -> int:
    """Monitor many past windows, each with the champion that was effective then. By default nothing is promoted.

    The same command continues where an earlier one stopped; what that one has finished is not done again.
    """
    try:
        cut_windows(options.start, options.end, options.every)
        request = read_options(options, policy)
    except LoanwatchError as error:
        return report_error(error)
    if not request.work_pool:
        prepare_worker(WORKER)
    return run_flow(backfill, as_parameters(request), show_windows)[0]


if __name__ == "__main__":
    sys.exit(app())
