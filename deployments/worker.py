"""Worker: Prefect's process worker, which lets the runs under way end when it is asked to stop.

    python -m deployments.worker

It also serves the reports of its runs to this machine, so that what is sent to Slack and shown in the Prefect UI has
links to them.

`prefect worker start` ends its runs within seconds of a SIGTERM, and may leave them Running (PrefectHQ/prefect#22528).
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import anyio
import psutil
from cyclopts import App, Parameter
from cyclopts.validators import Number
from prefect.workers.process import ProcessWorker

from blocks.environment import name_variable, read_environment
from blocks.errors import LoanwatchError
from blocks.prefect_server import require_server
from deployments.declared import ROOT
from deployments.reports import PortTakenError, serve
from flows.cli.errors import report_error
from tasks.core.files import make_private_folder

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

POOL = "loanwatch"
LAST_WORDS_SECONDS = 10.0  # for the state of a run that was ended, and for the message about it

app = App(name="deployments.worker", help="Run what the work pool schedules, in processes of this machine.")


class DrainingWorker(ProcessWorker):
    """Takes up no new run once `is_draining` is set."""

    is_draining = False
    _is_asking = False

    @classmethod
    def __dispatch_key__(cls) -> str:
        """Where Prefect registers it: beside its own worker of the type `process`, not in its place."""
        return "process-draining"

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way, or may be about to start."""
        return self._is_asking or self.limiter.borrowed_tokens > 0

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Ask the pool for runs and start them, unless the worker is about to stop."""
        if self.is_draining:
            return []
        self._is_asking = True
        try:
            return await super().get_and_submit_flow_runs()
        finally:
            self._is_asking = False


@app.default
def command(  # noqa: PLR0913 - the options of a command line
    *,
    pool: str = POOL,
    name: str | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 4,
    patience: Annotated[float, Parameter(validator=Number(gte=0))] = 270.0,
    reports: bool = True,
    reports_host: str = "127.0.0.1",
    reports_port: Annotated[int, Parameter(validator=Number(gte=0, lte=65_535))] = 8081,
) -> int:
    """Run what the work pool schedules. On SIGTERM or Ctrl-C, the runs under way may end first.

    Its health is served at http://127.0.0.1:8080/health.

    Parameters
    ----------
    pool
        The work pool, of type process.
    name
        The worker's name in the Prefect UI. By default the machine's, so that a restart leaves no dead worker there.
    limit
        How many runs may be under way at once.
    patience
        Seconds that the runs under way have to end, once the worker is asked to stop. Then they are ended, and
        their state says so.
    reports
        Serve the reports, unless LOANWATCH_REPORTS_URL says who else does.
    reports_host
        The address to serve them on. Any but this machine's own needs LOANWATCH_REPORTS_PASSWORD.
    reports_port
        The port to serve them on.
    """
    missing = require_server()
    if missing:
        return missing
    worker = DrainingWorker(work_pool_name=pool, name=name or f"loanwatch {socket.gethostname()}", limit=limit)
    try:
        place = (reports_host, reports_port) if reports and not read_environment().reports_url else None
        with serve_reports(place):
            asyncio.run(work(worker, patience))
    except LoanwatchError as error:
        return report_error(error)
    return 0


@contextmanager
def serve_reports(place: tuple[str, int] | None) -> Iterator[None]:
    """Serve the results folder of the project at this host and port, and let the runs know; nowhere for None."""
    if place is None:
        yield
        return
    folder = ROOT / "results"
    make_private_folder(folder)
    with ExitStack() as stack:
        try:
            address = stack.enter_context(serve(folder, *place))
        except PortTakenError as error:  # by another worker, perhaps
            print(f"note: {error}", flush=True)
        else:
            print(f"The reports are served at {address}", flush=True)
            # A run takes over the worker's environment.
            os.environ |= {name_variable("reports_url"): address, name_variable("reports_folder"): str(folder)}
        yield


async def work(worker: DrainingWorker, patience: float) -> None:
    """Work until a signal comes and the runs have ended."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with anyio.create_task_group() as group:
        group.start_soon(partial(worker.start, with_healthcheck=True))
        await asked.wait()
        worker.is_draining = True
        print(f"Asked to stop: no new run is started; those under way have {patience:.0f} seconds to end.")
        if not await is_idle(worker, patience):
            print("Time is up: the runs under way are ended.")
            end_runs()
            await is_idle(worker, LAST_WORDS_SECONDS)
            await anyio.sleep(LAST_WORDS_SECONDS / 2)
        group.cancel_scope.cancel()


async def is_idle(worker: DrainingWorker, patience: float) -> bool:
    """Wait until no run is under way; returns whether that came about in time."""
    deadline = time.monotonic() + patience
    while worker.is_busy and time.monotonic() < deadline:
        await anyio.sleep(0.5)
    return not worker.is_busy


def end_runs() -> None:
    """Ask the process of each run to end: it says so to the server, which sends the alert."""
    for process in psutil.Process().children(recursive=True):
        try:
            if "prefect.engine" in process.cmdline() or "prefect.flow_engine" in process.cmdline():
                os.kill(process.pid, signal.SIGTERM)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue


if __name__ == "__main__":
    sys.exit(app())
