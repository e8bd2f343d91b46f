"""Score: the champion's probability and decision for every application of a window, written to `prediction`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from rich.console import Console

from blocks.errors import LoanwatchError
from flows.cli.errors import report_error
from flows.cli.form import takes
from flows.cli.options import POLICY_HELP, SPREAD, as_parameters, read_options
from flows.cli.run_locally import run_flow
from tasks.alerts.failure import send_failure_alert
from tasks.core.run_tags import tag_outcome
from tasks.core.windows import PlanError
from tasks.models.score_batch import load_champion, score_applications
from tasks.prefect_ui.run_names import name_at_start, rename_run, show_end
from tasks.run.open import make_job, plan_days, prepare_database
from tasks.run.request import ScoreRequest, find_scheduled_day

app = App(name="flows.score")


@flow(
    name="score",
    description="The champion's probability and decision for every application of a window.",
    flow_run_name=name_at_start,
    validate_parameters=False,
    on_failure=[send_failure_alert],
)
@takes(ScoreRequest)
def score(request: ScoreRequest) -> State[dict[str, Any]]:
    """Score the applications of a window. A rerun adds what is new and changes nothing."""
    refuse_csv_of_workers(request)
    table = prepare_database(request)
    days = plan_days(table, request, request.trailing_days, find_scheduled_day())
    job = replace(make_job(table, "score", days, request.policy), engine=request.find_engine())
    rename_run(job)
    champion = load_champion(job)
    done = score_applications(job, champion, export=Path(request.csv) if request.csv else None)
    record = {
        "job_id": job.job_id,
        "contract": job.contract.name,
        "window": {"start": job.window.start.isoformat(), "end": job.window.end.isoformat()},
        "version": champion.model.version,
        **done.as_record(),
    }
    message = f"{done.applications:,} applications scored, {done.added:,} predictions new"
    show_end(message, tag_outcome("scored"))
    return Completed(message=message, data=record)


def refuse_csv_of_workers(request: ScoreRequest) -> None:
    """Raises PlanError: the workers of a cluster write predictions to the database, and send back only their number."""
    if request.csv and (engine := request.find_engine()):
        raise PlanError(
            f"`csv` cannot be written by the workers of the Dask cluster at {engine}: they write predictions to the "
            "database only. Leave `csv` out; or leave `engine` out and LOANWATCH_ENGINE unset, and this process scores "
            "alone."
        )


@app.default
def command(
    *,
    options: Annotated[ScoreRequest, SPREAD] = ScoreRequest(),  # noqa: B008 - frozen
    policy: Annotated[Path | None, POLICY_HELP] = None,
) -> int:
    """Score the applications of a window, decided or not. A rerun adds what is new and changes nothing.

    Exit code 0: scored; 1: it could not be; 2: bad arguments.
    """
    try:
        request = read_options(options, policy)
        refuse_csv_of_workers(request)
    except LoanwatchError as error:
        return report_error(error)
    return run_flow(score, as_parameters(request), show_scored)[0]


def show_scored(console: Console, record: dict[str, Any]) -> None:
    """What was scored, and how fast."""
    window = record["window"]
    console.print(
        f"\n{record['contract']}, {window['start']} to {window['end']}: {record['applications']:,} applications scored "
        f"by version {record['version']} with a cut-off of {record['threshold']:.4g}; {record['added']:,} predictions "
        "are new",
        soft_wrap=True,
    )
    console.print(f"took {record['seconds']:.1f} s, {record['rate']:,.0f} applications a second", style="dim")


if __name__ == "__main__":
    sys.exit(app())
