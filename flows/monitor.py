"""Monitor: the whole pipeline for one window of applications.

extract → quality → score → drift (data · label · concept) → preprocess → model drift → train → compare → promote →
report → alert → journal
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from blocks.errors import LoanwatchError
from blocks.postgres.connect import adopt_database_option
from flows.cli.console import show_verdict
from flows.cli.run_locally import report_error, run_flow
from tasks.alerts.failure import send_failure_alert
from tasks.alerts.outcome import send_outcome_alert
from tasks.contract.load import load_contract
from tasks.core.files import write_json
from tasks.core.findings import DRIFT_QUESTIONS, Outcome, Question, Verdict
from tasks.core.policy import MonitorPolicy, load_policy
from tasks.core.windows import PlanError, month_of
from tasks.drift.check import check_drift
from tasks.drift.model import check_model_drift
from tasks.extract.extract import extract_applications
from tasks.job.findings import save_findings
from tasks.job.journal import read_timings
from tasks.models.preprocess import preprocess
from tasks.models.score_window import score_window
from tasks.prefect_ui.publish import announce_run, publish_run
from tasks.promotion.challenge import compare_with_champion, promote_or_keep, train_challenger
from tasks.promotion.decide import decide
from tasks.promotion.first_champion import train_first_champion
from tasks.promotion.training_lock import hold_training_lock
from tasks.quality.check import check_leaks, check_quality, is_fit
from tasks.reports.history import rebuild_history
from tasks.reports.summary import Run, summarise_run
from tasks.reports.write_pages import write_pages
from tasks.run.days import refuse_other_reference
from tasks.run.open import open_job
from tasks.run.request import DateOptions, RunRequest, find_scheduled_day

app = App(name="flows.monitor", help="Monitor one window of loan applications, and retrain where something drifted.")


@flow(
    name="monitor",
    description="Has anything moved, does it matter, and what is to be done about the model?",
    on_failure=[send_failure_alert],
)
def monitor(
    start: date | None = None,
    end: date | None = None,
    reference_start: date | None = None,
    reference_end: date | None = None,
    contract: str = "loan_applications",
    database: str | None = None,
    results: str = "results",
    models: str = "models",
    policy: MonitorPolicy = MonitorPolicy(),  # noqa: B008 - frozen, and the form that the Prefect UI shows
    trailing_days: Annotated[int, Field(ge=7, le=366)] | None = None,
    champion: int | None = None,
    may_promote: bool = True,
    backfill: str | None = None,
) -> State[dict[str, Any]]:
    """Monitor one window of applications.

    Args:
        start: First day of the window. Without dates: the last full month.
        end: Last day of the window, included.
        reference_start: First day of the reference, for a first champion. Default: six full months before the window.
        reference_end: Last day of the reference, included.
        contract: What the table is: a contract that comes with loanwatch, or a TOML file.
        database: A prefect-sqlalchemy block. Default: LOANWATCH_DATABASE_URL, the block loans-postgres, or embedded.
        results: Folder for the run's pages and records.
        models: Model store: a folder or an fsspec URL.
        policy: Every limit of the run.
        trailing_days: Without dates: that many days up to yesterday, or to the last day held, in place of a month.
        champion: The version to monitor against. Default: the champion that was effective before the window.
        may_promote: Whether a model that is proven better may go into production.
        backfill: The backfill that this window is a part of, which tells of it in its place.
    """
    asked = DateOptions(start, end, reference_start, reference_end, trailing_days)
    places = (contract, database, results, models)
    request = RunRequest(asked, *places, policy, find_scheduled_day(), champion, may_promote, backfill)
    opening = open_job(request)
    job = opening.job
    announce_run(job)

    run = Run(job, extract_applications(job))
    run.findings += check_quality(job, run.extract)
    if not is_fit(run.findings):
        return conclude(run, Outcome.QUALITY_FAILED, "The window is unfit for use: nothing was judged or trained.")

    run.champion = opening.champion or train_first_champion(job, opening.reference)
    run.trained_here = run.champion.model.job_id == job.job_id
    refuse_other_reference(asked.reference, run.champion.model.reference)
    run.observed = score_window(job, run.champion, run.extract)
    run.findings += check_leaks(job, run.observed)
    run.findings += check_drift(job, run.champion.bundle.profile, run.observed)
    prepared = preprocess(job, run.extract)
    run.findings += check_model_drift(job, run.champion.bundle.profile, run.observed)

    decision = decide(run.findings, policy.decision)
    if decision.outcome is not None:
        return conclude(run, decision.outcome, decision.reason)

    with hold_training_lock(job, run.champion):
        training = train_challenger(job, run.champion, prepared)
        run.contest = compare_with_champion(job, run.champion, training, run.findings)
        succeeded = promote_or_keep(job, run.champion, training, run.contest)
    run.champion_after = succeeded.version
    return conclude(run, succeeded.outcome, f"{decision.reason} {run.contest.decision.reason}")


def conclude(run: Run, outcome: Outcome, reason: str) -> State[dict[str, Any]]:
    """Every ending: report, alert, journal. The state's name is the outcome, and its data the summary."""
    job, run.outcome, run.reason = run.job, outcome, reason
    run.champion_after = run.champion_after or (run.champion.model.version if run.champion else None)
    pages = write_pages(job, run, summarise_run(run, read_timings(job), datetime.now(UTC)))
    send_outcome_alert(job, run)
    save_findings(job, run.findings, outcome, reason)
    summary = {**summarise_run(run, read_timings(job), datetime.now(UTC)), "pages": pages}
    write_json(job.results / "summary.json", summary)
    rebuild_history(job)
    publish_run(run, summary)
    return Completed(name=str(outcome), message=reason, data=summary)


@app.default
def command(
    *,
    start: date | None = None,
    end: date | None = None,
    month: str | None = None,
    reference_start: date | None = None,
    reference_end: date | None = None,
    contract: str = "loan_applications",
    database: str | None = None,
    results: str = "results",
    models: str = "models",
    policy: Path | None = None,
    champion: int | None = None,
    promote: bool = True,
    fail_on: Annotated[list[str], Parameter(consume_multiple=True)] | None = None,
) -> int:
    """Monitor one window of loan applications.

    Exit code 0: the run did its work, whatever it found; 1: it could not; 2: bad arguments; 3: a question named by
    --fail-on failed.

    Parameters
    ----------
    start
        First day of the window. Without dates: the last full month that the table holds.
    end
        Last day of the window, included.
    month
        The window as a month, such as 2024-08, in place of --start and --end.
    reference_start
        First day of the reference, for a first champion. Default: the six full months before the window.
    reference_end
        Last day of the reference, included.
    contract
        What the table is: a contract that comes with loanwatch, or a TOML file.
    database
        A prefect-sqlalchemy block's name or a postgresql:// URL. Default: LOANWATCH_DATABASE_URL, the block
        loans-postgres, or an embedded PostgreSQL under .loanwatch/.
    results
        Folder for the run's pages and records.
    models
        Model store: a folder or an fsspec URL.
    policy
        Limits other than the default: a TOML file, such as `[drift]` with `label_limit = 0.05`.
    champion
        The version to monitor against. Default: the champion that was effective before the window.
    promote
        Whether a model that is proven better may go into production.
    fail_on
        Exit with 3 where one of these questions failed: quality, drift, data, label, concept, model.
    """
    try:
        if month and (start or end):
            raise PlanError("Give either --month or --start and --end.")
        window = month_of(month) if month else DateOptions(start, end).window
        asked = DateOptions(reference_start=reference_start, reference_end=reference_end).reference
        load_contract(contract)
        limits = load_policy(policy)
        refuse_unknown_questions(fail_on or [])
        database = adopt_database_option(database)
    except LoanwatchError as error:
        return report_error(error)
    parameters = {
        "start": window.start if window else None,
        "end": window.end if window else None,
        "reference_start": asked.start if asked else None,
        "reference_end": asked.end if asked else None,
        "contract": contract,
        "database": database,
        "results": results,
        "models": models,
        "policy": limits,
        "champion": champion,
        "may_promote": promote,
    }
    code, summary = run_flow(monitor, parameters, show_verdict)
    return code or judge_exit(summary, fail_on or [])


def refuse_unknown_questions(fail_on: list[str]) -> None:
    """Raises PlanError where --fail-on names something that is no question."""
    known = [*Question, "drift"]
    unknown = [name for name in fail_on if name not in known]
    if unknown:
        raise PlanError(f"--fail-on does not know {', '.join(unknown)}: choose from {', '.join(known)}.")


def judge_exit(summary: dict[str, Any], fail_on: list[str]) -> int:
    """3 where a question that the caller cares about failed, else 0."""
    asked = {name for word in fail_on for name in (DRIFT_QUESTIONS if word == "drift" else [word])}
    return 3 if any(summary["verdicts"][name] == Verdict.FAIL for name in asked) else 0


if __name__ == "__main__":
    sys.exit(app())
