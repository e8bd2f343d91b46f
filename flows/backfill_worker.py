"""Replay: one worker of a backfill on this machine; `flows.backfill` starts as many as it was asked for.

It takes the next open window, runs the monitor flow for it, and writes how that ended, until no window is open.
"""

from __future__ import annotations

import gc
import sys
import time
from dataclasses import replace
from typing import Annotated, Any, cast

from cyclopts import App, Parameter
from prefect import tags
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from sqlalchemy import Engine

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect, resolve_database
from flows.cli.console import prepare_console
from flows.cli.errors import report_error
from flows.monitor import monitor
from tasks.backfill.local_workers import WAIT, read_orders
from tasks.backfill.queue import Replay, claim_next, list_replays, save_state, tag_replays
from tasks.core.run_tags import TAGS
from tasks.job.journal import describe_error
from tasks.registry.bundle import keep_bundles
from tasks.reports.history import rebuild_rarely

IDLE_SECONDS = 1.0

app = App(name="flows.backfill_worker", help="One worker of a backfill; flows.backfill starts it.")


@app.default
def command(
    backfill: str,
    *,
    database: str | None = None,
    in_order: Annotated[bool, Parameter(negative=())] = False,
    unwatched: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Work on the open windows of a backfill until there is none.

    Parameters
    ----------
    backfill
        Its name.
    database
        A prefect-sqlalchemy block's name.
    in_order
        Begin no window before all earlier ones are finished, and stop at the first that fails.
    unwatched
        The server lives for this backfill only, so that its runs send no heartbeat.
    """
    prepare_console()
    gc.freeze()  # what the imports made stays, and need not be looked at again
    try:
        settings = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None} if unwatched else {}
        with temporary_settings(settings), keep_bundles(), rebuild_rarely():
            work_on(connect(resolve_database(database)), backfill, in_order=in_order)
    except LoanwatchError as error:
        return report_error(error)
    return 0


def work_on(engine: Engine, backfill: str, *, in_order: bool) -> None:
    """Until no window is open: one that another worker is at may come back, should that worker die."""
    tag = tag_replays(list_replays(engine, backfill))
    while _has_work(list_replays(engine, backfill), in_order):
        with claim_next(engine, backfill, in_order=in_order) as replay:
            if replay is not None:
                save_state(engine, run_replay(replay, tag))
        if replay is None:
            time.sleep(IDLE_SECONDS)


def run_replay(replay: Replay, tag: str) -> Replay:
    """Run the monitor flow for one window, with the tag of its backfill; returns the window with its end."""
    try:
        with tags(*TAGS, tag):
            state = cast(State[Any], monitor(**replay.parameters, return_state=True))
    except (LoanwatchError, RuntimeError) as error:
        return replace(replay, state="failed", message=describe_error(error))
    result = state.result(raise_on_failure=False)
    if state.is_completed():
        return replace(replay, state="finished", outcome=str(cast(dict[str, Any], result)["outcome"]))
    message = describe_error(result) if isinstance(result, BaseException) else str(state.message)
    return replace(replay, state="failed", message=message)


def _has_work(replays: list[Replay], in_order: bool) -> bool:
    if in_order and any(replay.state == "failed" for replay in replays):
        return False
    return any(replay.is_open for replay in replays)


if __name__ == "__main__":
    sys.exit(app(read_orders() if sys.argv[1:] == [WAIT] else None))
