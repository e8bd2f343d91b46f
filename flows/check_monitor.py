"""Check the monitor: how often it raises an alarm for nothing on your own window, and which changes it finds.

Nothing is trained for production and nothing is written to the database.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.console import Console
from rich.progress import track
from rich.table import Table

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from flows.cli.errors import report_error
from flows.cli.options import MONTH_HELP, POLICY_HELP, SPREAD, read_options
from tasks.job.job import Job, make_results_folder
from tasks.models.read_window import judge_reading, read_window
from tasks.monitor_check.planted_changes import CHANGES, NOTHING
from tasks.monitor_check.report import summarise_trials, write_trials
from tasks.monitor_check.trials import Ground, Trial, prepare_ground, run_trials
from tasks.quality.check import require_fit
from tasks.run.open import make_job, plan_days, prepare_database
from tasks.run.request import CheckRequest

app = App(name="flows.check_monitor", help=__doc__)

Count = Annotated[int, Parameter(validator=Number(gte=1, lte=10_000))]


@app.default
def command(
    *,
    options: Annotated[CheckRequest, SPREAD] = CheckRequest(),  # noqa: B008 - frozen
    month: Annotated[str | None, MONTH_HELP] = None,
    policy: Annotated[Path | None, POLICY_HELP] = None,
    repeats: Count = 200,
    planted: Count = 40,
    processes: Count | None = None,
) -> int:
    """Split a window at random, plant changes, and count what the monitor says.

    Parameters
    ----------
    repeats
        Random splits in which nothing was changed.
    planted
        Splits for each planted change.
    processes
        How many to use at once. Default: as many as there are CPUs.
    """
    began = time.monotonic()
    console = Console(highlight=False)
    try:
        request = read_options(options, policy, month)
        table = prepare_database(request)
        job = make_job(table, "check_monitor", plan_days(table, request, None, None), request.policy)
        job = replace(job, results=make_results_folder(request.results, job.job_id))
        ground = read_ground(job)
        trials = try_all(console, ground, (repeats, planted), processes or os.cpu_count() or 1)
        summary = summarise_trials(job, ground, trials, time.monotonic() - began)
        write_trials(job, summary)
    except LoanwatchError as error:
        return report_error(error)
    show(console, summary)
    console.print(f"report: {job.results / 'report.html'}", markup=False, soft_wrap=True)
    return 0


def read_ground(job: Job) -> Ground:
    """The job's window with a model of its own. Raises UnfitWindowError where the window is unfit."""
    reading = read_window(connect(job.database), job.contract, job.window, job.policy.train)
    findings = judge_reading(job.contract, reading, job.policy.quality, job.window)
    require_fit(findings, f"Choose other days than {job.window} with `start` and `end`.")
    return prepare_ground(job.contract, reading.extract.applications, job.policy)


def try_all(console: Console, ground: Ground, counts: tuple[int, int], processes: int) -> list[Trial]:
    """Every trial, with a progress bar. `counts`: without a change, and for each change."""
    repeats, planted = counts
    plan = [(NOTHING, repeats), *((change, planted) for change in CHANGES)]
    batches = sum(-(-count // 10) for _, count in plan)
    found = track(run_trials(ground, plan, processes), "splitting", total=batches, console=console, transient=True)
    return [trial for batch in found for trial in batch]


def show(console: Console, summary: dict[str, Any]) -> None:
    """The rates as a short table."""
    console.print(summary["sentence"], soft_wrap=True)
    table = Table("planted change", "found", "95 % interval", box=None, padding=(0, 2, 0, 0))
    for change in summary["power"]:
        if change["tries"]:
            low, high = change["interval"]
            table.add_row(change["description"], f"{change['share']:.0%}", f"{low:.0%} to {high:.0%}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(app())
