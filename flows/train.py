"""Train: force a retraining for a window, drift or none; the challenger still has to beat the champion."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cyclopts import App
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from rich.console import Console

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option
from flows.cli.run_locally import report_error, run_flow
from tasks.alerts.failure import send_failure_alert
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy, load_policy
from tasks.core.windows import PlanError
from tasks.extract.extract import extract_applications
from tasks.models.preprocess import preprocess
from tasks.prefect_ui.events import emit_promotions
from tasks.promotion.challenge import compare_with_champion, promote_or_keep, train_challenger
from tasks.promotion.retrain import load_incumbent, refuse_unfit, replace_champion
from tasks.promotion.training_lock import hold_training_lock
from tasks.quality.check import check_quality, is_fit
from tasks.run.open import open_plain_job
from tasks.run.request import DateOptions, RunRequest, find_scheduled_day

app = App(name="flows.train", help="Force a retraining for a window.")


@flow(
    name="train",
    description="A challenger for a window, drift or none; it still has to beat the champion.",
    on_failure=[send_failure_alert],
)
def train(
    start: date | None = None,
    end: date | None = None,
    replace: bool = False,
    contract: str = "loan_applications",
    database: str | None = None,
    results: str = "results",
    models: str = "models",
    policy: MonitorPolicy = MonitorPolicy(),  # noqa: B008 - frozen, and the form that the Prefect UI shows
) -> State[dict[str, Any]]:
    """Train a challenger on a window and let it contest the champion, or put a new model in its place.

    Args:
        start: First day of the window. Without dates: the last full month.
        end: Last day of the window, included.
        replace: Fit on all of the window and put the model into production without a comparison.
        contract: What the table is: a contract that comes with loanwatch, or a TOML file.
        database: A prefect-sqlalchemy block. Default: LOANWATCH_DATABASE_URL, the block loans-postgres, or embedded.
        results: Folder for the run's records.
        models: Model store: a folder or an fsspec URL.
        policy: Every limit of the run.
    """
    asked = DateOptions(start, end)
    refuse_replacing_without_days(asked, replace)
    request = RunRequest(asked, contract, database, results, models, policy, scheduled_on=find_scheduled_day())
    job = open_plain_job(request, "train", datetime.now(UTC))
    if replace:
        model = replace_champion(job).model
        emit_promotions(job)
        return conclude(
            "replaced", model.version, f"Version {model.version}, fitted on {job.window}, is in production."
        )

    champion = load_incumbent(job)
    extract = extract_applications(job)
    findings = check_quality(job, extract)
    if not is_fit(findings):
        refuse_unfit(extract, findings)
    prepared = preprocess(job, extract)
    with hold_training_lock(job, champion):
        training = train_challenger(job, champion, prepared)
        contest = compare_with_champion(job, champion, training, findings)
        succeeded = promote_or_keep(job, champion, training, contest)
    emit_promotions(job)
    return conclude(str(succeeded.outcome), succeeded.version, contest.decision.reason)


def conclude(outcome: str, version: int, reason: str) -> State[dict[str, Any]]:
    """The state's name is the outcome."""
    return Completed(name=outcome, message=reason, data={"outcome": outcome, "version": version, "reason": reason})


def refuse_replacing_without_days(asked: DateOptions, replace: bool) -> None:
    """Raises PlanError: a model that nothing is compared with should rest on days that somebody chose."""
    if replace and asked.window is None:
        raise PlanError("Give --start and --end with --replace: the days that the new model is fitted on.")


@app.default
def command(
    *,
    start: date | None = None,
    end: date | None = None,
    replace: bool = False,
    contract: str = "loan_applications",
    database: str | None = None,
    results: str = "results",
    models: str = "models",
    policy: Path | None = None,
) -> int:
    """Train a challenger on a window and let it contest the champion, or put a new model in its place.

    Exit code 0: it did its work, whatever came out; 1: it could not; 2: bad arguments.

    Parameters
    ----------
    start
        First day of the window. Without dates: the last full month that the table holds.
    end
        Last day of the window, included.
    replace
        Fit on all of the window and put the model into production without a comparison: for a first champion, or where
        the champion's bundle is gone.
    contract
        What the table is: a contract that comes with loanwatch, or a TOML file.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL. Default: LOANWATCH_DATABASE_URL, the block
        loans-postgres, or an embedded PostgreSQL under .loanwatch/.
    results
        Folder for the run's records (deploy_report.json).
    models
        Model store: a folder or an fsspec URL.
    policy
        A TOML file with limits that differ from the default.
    """
    try:
        window = DateOptions(start, end).window
        refuse_replacing_without_days(DateOptions(start, end), replace)
        load_contract(contract)
        limits = load_policy(policy)
        database = adopt_database_option(database)
    except LoanwatchError as error:
        return report_error(error)
    parameters = {
        "start": window.start if window else None,
        "end": window.end if window else None,
        "replace": replace,
        "contract": contract,
        "database": database,
        "results": results,
        "models": models,
        "policy": limits,
    }
    return run_flow(train, parameters, show_outcome)[0]


def show_outcome(console: Console, record: dict[str, Any]) -> None:
    """What became of it."""
    console.print(f"\n  {record['reason']}", markup=False, soft_wrap=True)
    console.print(f"outcome: {record['outcome']}; version {record['version']} is in production")


if __name__ == "__main__":
    sys.exit(app())
