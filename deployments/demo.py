"""Demo: the first look on a Prefect server. Fills an empty database, and monitors one month through the worker.

    LOANWATCH_DATABASE_URL=… PREFECT_API_URL=… python -m deployments.demo

A database that holds tables of somebody else is left alone. May be repeated: the verdict is then only shown again.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from rich.console import Console

from blocks.environment import read_environment
from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect, resolve_database
from blocks.prefect_server import require_server
from flows.cli.console import show_end, show_verdict
from flows.cli.errors import report_error
from tasks.core.windows import Window, month_of
from tasks.demo.fill import fill_empty
from tasks.prefect_ui.links import link_run

DEPLOYMENT = "monitor/monitor"
KEY = "loanwatch-demo"  # one run in the server's life, however often this is started
WIDTH = 110  # of the log of a container, which is no terminal

app = App(name="deployments.demo", help="Fill an empty database with the demo, and monitor one month of it.")


class DemoError(LoanwatchError):
    """The demo's month was not monitored."""


@app.default
def command(
    *,
    month: str = "2024-08",
    results: Path = Path("results"),
    patience: Annotated[float, Parameter(validator=Number(gte=1))] = 1800.0,
) -> int:
    """Fill an empty database with the demo's applications, and monitor one month of them through the worker.

    Parameters
    ----------
    month
        The month, as YYYY-MM: one of 2024.
    results
        The results folder of the worker.
    patience
        Seconds to wait for the worker.
    """
    missing = require_server()
    if missing:
        return missing
    try:
        if not fill_empty(connect(resolve_database())):
            print("The database holds tables of its own: the demo is left out.")
            return 0
        days = month_of(month)
        with get_client(sync_client=True) as client:
            run = wait_for(client, start(client, days), patience)
        show(run, find_summary(results, days))
    except LoanwatchError as error:
        return report_error(error)
    return 0


def start(client: SyncPrefectClient, days: Window) -> FlowRun:
    """Start the run, or find the one that was started before."""
    deployment = client.read_deployment_by_name(DEPLOYMENT)
    days_given = {"start": str(days.start), "end": str(days.end)}
    run = client.create_flow_run_from_deployment(deployment.id, parameters=days_given, idempotency_key=KEY)
    print(f"Monitoring {days} through the worker: {link_run(run.id) or run.name}")
    return run


def wait_for(client: SyncPrefectClient, run: FlowRun, patience: float) -> FlowRun:
    """Wait until the run has ended; says what it does meanwhile. Raises DemoError unless it did its work."""
    deadline, said = time.monotonic() + patience, ""
    while time.monotonic() < deadline:
        run = client.read_flow_run(run.id)
        if run.state is not None and run.state.is_final():
            break
        name = str(run.state.name) if run.state else ""
        if name != said:
            print(f"  {name} …")
            said = name
        time.sleep(1)
    if run.state is None or not run.state.is_completed():
        ended = f"{run.state.name}: {run.state.message}" if run.state else "without a state"
        raise DemoError(f"The run {run.name} did not do its work ({ended}). Its log is at {link_run(run.id)}.")
    return run


def find_summary(results: Path, days: Window) -> dict[str, Any]:
    """The newest summary of these days. Raises DemoError."""
    files = sorted(results.glob("*/summary.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files:
        summary: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if (summary["window"]["start"], summary["window"]["end"]) == (str(days.start), str(days.end)):
            return summary
    raise DemoError(f"There is no summary of {days} in {results}: it is not the worker's results folder.")


def show(run: FlowRun, summary: dict[str, Any]) -> None:
    """The verdict, as `flows.monitor` shows it, and where to look further."""
    if reports := read_environment().reports_url.rstrip("/"):
        summary = {**summary, "results": f"{reports}/{Path(summary['results']).name}"}
    console = Console(highlight=False, width=WIDTH)
    show_verdict(console, summary)
    show_end(console, summary)
    print(f"Prefect: {link_run(run.id)}")


if __name__ == "__main__":
    sys.exit(app())
