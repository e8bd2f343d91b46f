"""Set a Prefect server up for loanwatch: blocks, work pool, deployments, automations. May be repeated.

    PREFECT_API_URL=http://127.0.0.1:4200/api python -m deployments.setup

Blocks come from the LOANWATCH_… variables of `blocks.register`; those that are registered already stay. What is as it
should be is not touched, and what a person changed on the server stays, and is told.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter
from cyclopts.validators import Number
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL

from blocks import register
from blocks.environment import read_environment
from blocks.errors import LoanwatchError
from blocks.prefect_server import require_server
from blocks.slack import BLOCK as SLACK_BLOCK
from blocks.slack import WEBHOOK_TYPE
from deployments.automations import (
    crash_hung_runs,
    crash_unstarted_runs,
    look_when_a_run_waits,
    look_when_workers_are_back,
    notify_of_crashed_runs,
    notify_of_late_runs,
    score_after_promotion,
)
from deployments.declared import ROOT
from deployments.lost_runs import ask_runs, find_runs
from deployments.needs import NO_SLACK, Need, check_needs
from deployments.save_automations import Wanted, save_automations
from deployments.save_deployments import save_deployments
from deployments.work_pool import IMAGE_HOME, POOL, read_settings, save_pool

NOTIFIERS = (WEBHOOK_TYPE, "custom-webhook")
SILENCE, LATE = 180, 600
# Seconds in which a server takes over an automation that was written.
TAKE_OVER = 10

app = App(name="deployments.setup", help="Set a Prefect server up for loanwatch.")
Seconds = Annotated[int | None, Parameter(validator=Number(gte=60, lte=86_400))]


@app.default
def command(
    *,
    pool_type: str | None = None,
    silence: Seconds = None,
    late: Seconds = None,
    reset: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Register blocks, make the work pool, the deployments and the automations, and try all that a run needs.

    Exit code 0: runs can do their work, as soon as the tables are loaded; 1: they cannot, and the lines say why;
    2: bad arguments.

    What a person changed on the server stays: schedules, parameters, limits, the pool's settings, automations.

    Parameters
    ----------
    pool_type
        The work pool's type: process (default, or LOANWATCH_POOL_TYPE), docker or kubernetes. The last two
        need prefect-docker or prefect-kubernetes, and the LOANWATCH_POOL_… variables.
    silence
        Seconds without a heartbeat after which a run counts as crashed. Runs send one every 30 seconds.
        Default: as it is; 180 at first.
    late
        Seconds for which a late run may wait for a worker before an alert is sent. Default: as it is; 600 at first.
    reset
        Undo what a person changed on the server.
    """
    missing = require_server()
    if missing:
        return missing
    try:
        code = register_blocks()
        if code:
            return code
        environment = read_environment()
        settings = read_settings(environment)
        with get_client(sync_client=True) as client:
            kind = pool_type or environment.pool_type
            print(save_pool(client, kind, settings, reset=reset))
            home = str(ROOT) if kind == "process" else IMAGE_HOME
            for line in save_deployments(client, settings.models, home, reset=reset):
                print(line)
            wanted = list_automations(client, silence, late)
            done = list(save_automations(client, wanted, reset=reset))
            print("\n".join(line for line, _ in done))
            print(ask_for_life(client, TAKE_OVER if any(written for _, written in done) else 0))
            parameters = client.read_deployment_by_name("monitor/monitor").parameters
        needs = check_needs(parameters, ROOT if kind == "process" else None)
    except LoanwatchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print("\n".join(["", "What a run needs", *(f"  {str(need).replace(chr(10), chr(10) + '  ')}" for need in needs)]))
    print(f"\n{describe_next(kind, needs)}")
    return int(any(need.is_fatal for need in needs))


def describe_next(kind: str, needs: Sequence[Need]) -> str:
    """What to do next, as the lines of a terminal."""
    if any(need.is_fatal for need in needs):
        return "Next: correct what is not ready, and run `python -m deployments.setup` again."
    worker = (
        "python -m deployments.worker" if kind == "process" else f"prefect worker start --pool {POOL} --type {kind}"
    )
    steps = [
        ("start a worker", worker),
        ("get messages in Slack", "LOANWATCH_SLACK_WEBHOOK=… python -m deployments.setup")
        if NO_SLACK in needs
        else ("try Slack", "prefect deployment run slack-test/slack-test --watch"),
        ("monitor the last full month", "prefect deployment run monitor/monitor --watch"),
        ("look at it", f"{find_ui()}/deployments"),
    ]
    return "\n".join(["Next", *(f"  {what + ':':<29}{how}" for what, how in steps)])


def find_ui() -> str:
    """The address of the Prefect UI."""
    return str(PREFECT_UI_URL.value() or str(PREFECT_API_URL.value()).removesuffix("/api")).rstrip("/")


def register_blocks() -> int:
    """Register the blocks that the environment names; the exit code. Nothing to register is fine here."""
    if not register.has_settings():
        print("blocks: the environment names none; those that are registered stay")
        return 0
    # Prefect may say a lot about a block that it saves, none of which is about the lender's.
    logging.getLogger("prefect").setLevel(logging.ERROR)
    result: Any = register.app([], result_action="return_value")
    return int(result)


def list_automations(client: SyncPrefectClient, silence: int | None, late: int | None) -> Iterator[Wanted]:
    """The automations that this server can have: without a Slack block no alert can be sent."""
    notifier = find_notifier(client)
    yield Wanted(crash_hung_runs(timedelta(seconds=SILENCE), notifier), silence)
    yield Wanted(crash_unstarted_runs(notifier))
    if notifier is None:
        print(f"automation: crashed and late runs are reported once the Slack block {SLACK_BLOCK} is registered")
    else:
        yield Wanted(notify_of_crashed_runs(notifier))
        yield Wanted(notify_of_late_runs(notifier, timedelta(seconds=LATE)), late)
    looking = client.read_deployment_by_name("lost-runs/lost-runs").id
    yield Wanted(look_when_a_run_waits(looking))
    yield Wanted(look_when_workers_are_back(looking, client.read_work_pool(POOL).id))
    yield Wanted(score_after_promotion(client.read_deployment_by_name("score/score").id))


def find_notifier(client: SyncPrefectClient) -> UUID | None:
    """The block that an automation can send with."""
    for block_type in NOTIFIERS:
        try:
            return client.read_block_document_by_name(SLACK_BLOCK, block_type, include_secrets=False).id
        except ObjectNotFound:
            continue
    return None


def ask_for_life(client: SyncPrefectClient, pause: float) -> str:
    """Ask the runs that are under way, after a pause in which the server takes over what was written for them."""
    if pause and find_runs(client):
        time.sleep(pause)
    return ask_runs(client, datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(app())
