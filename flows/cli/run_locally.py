"""Running a flow from a command line: clean screen, complete records, and an exit code that a script can trust."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, cast
from uuid import UUID

from httpx import TransportError
from prefect import Flow, tags
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL
from rich.console import Console

from blocks.errors import LoanwatchError
from flows.cli.console import prepare_console
from flows.cli.errors import report_error
from flows.cli.temporary_server import temporary_server
from tasks.job.stage import Stage

DRAIN_SECONDS = 10.0
# Automations know loanwatch's runs by the first.
COMMAND_TAGS = ("loanwatch", "command-line")
GONE = (
    "Connection to the Prefect server was lost ({kind}); the run's final state was not recorded there. Its results are "
    "in the journal and in its results folder. Run it again once the server answers."
)
HEAVY = ("scipy.stats", "tasks.models.estimators")


class ServerGoneError(LoanwatchError):
    """Prefect's server went away while a run used it."""


def run_flow(
    flow: Flow[..., Any],
    parameters: dict[str, Any],
    show: Callable[[Console, Any], None],
    show_verdict: Callable[[Console, Any], None] | None = None,
) -> tuple[int, Any]:
    """Run a flow in this process and show what it returned; returns the exit code and that value.

    `show_verdict` shows a verdict as soon as it is told, before the flow has ended.

    Exit code 0 where it did its work, 1 where it could not, 2 for bad arguments. An error that loanwatch raised on
    purpose is shown as its message, any other with its kind.
    """
    gc.freeze()  # what the imports made stays, and need not be looked at again
    gc.enable()  # off since they began, see flows/__init__.py
    console = prepare_console(show_verdict)
    if not PREFECT_API_URL.value():
        console.print("  starting a temporary Prefect server …", style="dim")
        _import_meanwhile()
    try:
        with temporary_server.attach(), tags(*COMMAND_TAGS):
            state = cast(State[Any], flow(**parameters, return_state=True))
            _let_server_finish(state)
    except (LoanwatchError, RuntimeError) as error:
        return report_error(error), None
    except TransportError as error:
        return report_error(ServerGoneError(GONE.format(kind=type(error).__name__))), None
    outcome = state.result(raise_on_failure=False)
    if isinstance(outcome, BaseException) or not state.is_completed():
        return report_error(outcome if isinstance(outcome, BaseException) else RuntimeError(str(state.message))), None
    show(console, outcome)
    return 0, outcome


def _import_meanwhile() -> None:
    """What a run needs and its flow does not import by itself, while there is only a server to wait for."""
    temporary_server.start()
    for name in HEAVY:
        import_module(name)


def _let_server_finish(state: State[Any]) -> None:
    """Wait until a temporary server has recorded the end of every task of the run.

    Task runs travel as events, and a server that is stopped first loses them and logs an error for each. A run that
    failed before its first stage has none, nor has a backfill, whose windows are runs of other processes.
    """
    flow_run_id = state.state_details.flow_run_id
    if flow_run_id is None or not temporary_server.is_running or not Stage.calls:
        return
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline and not _is_recorded(flow_run_id):
        time.sleep(0.2)


def _is_recorded(flow_run_id: UUID) -> bool:
    with get_client(sync_client=True) as client:
        runs = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])))
    return bool(runs) and all(run.state is not None and run.state.is_final() for run in runs)
