"""Train: force a retraining for a window, drift or none; the challenger still has to beat the champion."""

from __future__ import annotations

import dataclasses
import sys
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
from tasks.alerts.production import report_job
from tasks.changes.regime import read_regime
from tasks.core.findings import Outcome
from tasks.core.run_tags import tag_outcome
from tasks.core.windows import PlanError
from tasks.core.wording import name_outcome
from tasks.job.job import make_results_folder
from tasks.models.preprocess import preprocess
from tasks.models.read_window import read_applications
from tasks.models.ripening import keep_ripe_days
from tasks.monitor_check.check_champion import check_champion
from tasks.prefect_ui.events import emit_promotions
from tasks.prefect_ui.run_names import name_at_start, rename_run, show_end
from tasks.promotion.challenge import compare_with_champion, promote_or_keep, train_challenger
from tasks.promotion.retrain import load_incumbent, replace_champion
from tasks.promotion.training_lock import hold_training_lock
from tasks.quality.check import check_quality, require_fit
from tasks.run.open import make_job, plan_days, prepare_database
from tasks.run.request import TrainRequest, find_scheduled_day

app = App(name="flows.train")


@flow(
    name="train",
    description="A challenger for a window, drift or none; it still has to beat the champion.",
    flow_run_name=name_at_start,
    validate_parameters=False,
    on_failure=[send_failure_alert],
)
@takes(TrainRequest)
def train(request: TrainRequest) -> State[dict[str, Any]]:
    """Train a challenger on a window and compare it with the champion, or put a new model in its place."""
    refuse_replacing_without_days(request)
    table = prepare_database(request)
    job = make_job(table, "train", plan_days(table, request, None, find_scheduled_day()), request.policy)
    results = make_results_folder(request.results, job.job_id)
    job = dataclasses.replace(job, results=results, store=request.models, engine=request.find_engine())
    rename_run(job)
    if request.replace:
        champion = replace_champion(job)
        version = champion.model.version
        emit_promotions(job)
        report_job(job)
        check_champion(job, champion)
        return conclude("replaced", version, f"Version {version}, fitted on {job.window}, is in production.")

    champion = load_incumbent(job)
    reading = read_applications(job, champion)
    findings = check_quality(job, reading.extract, reading.counts).findings
    require_fit(findings, f"Choose other days than {job.window}.")
    prepared, _ = keep_ripe_days(job, champion, preprocess(job, reading.extract, champion))
    with hold_training_lock(job, champion):
        regime = read_regime(champion.model)
        training = train_challenger(job, champion, prepared, regime)
        contest = compare_with_champion(job, champion, training, findings)
        succeeded = promote_or_keep(job, champion, training, contest, regime)
    emit_promotions(job)
    report_job(job)
    check_champion(job, succeeded.successor or champion, len(prepared))
    return conclude(str(succeeded.outcome), succeeded.version, contest.decision.reason)


def conclude(outcome: str, version: int, reason: str) -> State[dict[str, Any]]:
    """The run's name and tags say the outcome, and the state's message begins with it."""
    said = name_outcome(outcome) if outcome in set(Outcome) else f"version {version} in production"
    show_end(said, tag_outcome(outcome))
    record = {"outcome": outcome, "version": version, "reason": reason}
    return Completed(message=f"{said}: {reason}", data=record)


def refuse_replacing_without_days(request: TrainRequest) -> None:
    """Raises PlanError: a model that is not compared with another must rest on days that a person chose."""
    if request.replace and request.window is None:
        raise PlanError("Give `start` and `end` with `replace`: the days that the new model is fitted on.")


@app.default
def command(
    *,
    options: Annotated[TrainRequest, SPREAD] = TrainRequest(),  # noqa: B008 - frozen
    policy: Annotated[Path | None, POLICY_HELP] = None,
) -> int:
    """Train a challenger on a window and compare it with the champion, or put a new model in its place.

    Exit code 0: it did its work, whatever came out; 1: it could not; 2: bad arguments.
    """
    try:
        request = read_options(options, policy)
        refuse_replacing_without_days(request)
    except LoanwatchError as error:
        return report_error(error)
    return run_flow(train, as_parameters(request), show_outcome)[0]


def show_outcome(console: Console, record: dict[str, Any]) -> None:
    """What became of it."""
    console.print(f"\n  {record['reason']}", markup=False, soft_wrap=True)
    console.print(f"outcome: {record['outcome']}; version {record['version']} is in production")


if __name__ == "__main__":
    sys.exit(app())
