"""Monitor: the whole pipeline for one window of applications.

extract → quality → preprocess → score → drift (data · label · concept) → model drift → recent days → known changes →
train → compare → promote → report → alert → journal → the verdict is told → pages → self-check
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.errors import LoanwatchError
from flows.cli.console import show_end, show_verdict
from flows.cli.errors import report_error
from flows.cli.fail_on import judge_exit, read_questions
from flows.cli.form import takes
from flows.cli.options import MONTH_HELP, POLICY_HELP, SPREAD, as_parameters, read_options
from flows.cli.run_locally import run_flow
from tasks.alerts.failure import send_failure_alert
from tasks.alerts.outcome import send_outcome_alert
from tasks.changes.recall import recall_changes
from tasks.core.files import write_json
from tasks.core.findings import Outcome
from tasks.drift.budget import fit_levels
from tasks.drift.check import check_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import check_model_drift
from tasks.drift.recent import add_recent, check_recent_days
from tasks.job.findings import save_bank_numbers, save_figures, save_findings
from tasks.job.first_answer import recall_first_answer
from tasks.job.journal import read_timings
from tasks.models.customers import report_customers
from tasks.models.preprocess import preprocess
from tasks.models.read_window import read_applications, read_for_champion
from tasks.models.ripening import keep_ripe_days
from tasks.models.score_window import score_window
from tasks.monitor_check.add_to_run import add_self_check
from tasks.prefect_ui.publish import announce_run, publish_run, say_outcome, tell_verdict
from tasks.prefect_ui.run_names import name_at_start
from tasks.promotion.challenge import compare_with_champion, promote_or_keep, train_challenger
from tasks.promotion.decide import decide
from tasks.promotion.training_lock import hold_training_lock
from tasks.promotion.watch import check_scores, choose_champion
from tasks.quality.arrivals import check_arrivals
from tasks.quality.check import check_leaks, check_quality, is_fit
from tasks.reports.figures import measure_figures
from tasks.reports.history import rebuild_history
from tasks.reports.summary import Run, summarise_run
from tasks.reports.write_pages import SUMMARY, add_pages, prepare_pages, write_pages
from tasks.run.days import refuse_other_reference
from tasks.run.open import plan_monitoring, prepare_monitoring
from tasks.run.request import MonitorRequest, find_backfill, find_scheduled_day

app = App(name="flows.monitor")

UNFIT = "The window is unfit for use: no drift test was run, and no challenger trained."


@flow(
    name="monitor",
    description="Has anything changed, does it matter, and what is to be done about the model?",
    flow_run_name=name_at_start,
    validate_parameters=False,  # by the request, whose errors are sentences
    on_failure=[send_failure_alert],
)
@takes(MonitorRequest)
def monitor(request: MonitorRequest) -> State[dict[str, Any]]:
    """Monitor one window of applications."""
    table = prepare_monitoring(request)
    plan = plan_monitoring(table, request, find_scheduled_day(), find_backfill())
    job = plan.job
    announce_run(job)
    prepare_pages(job, is_stable=True)

    reading = read_applications(job, plan.champion)
    run = Run(job, reading.extract, counts=reading.counts)
    quality = check_quality(job, run.extract, run.counts)
    run.findings += quality.findings
    if not is_fit(run.findings):
        return conclude(run, Outcome.QUALITY_FAILED, UNFIT)

    run.champion = choose_champion(job, plan.champion, plan.reference, run.extract)
    run.extract = read_for_champion(job, run.champion, run.extract)
    run.trained_here = run.champion.model.job_id == job.job_id
    refuse_other_reference(request.reference, run.champion.model.reference)
    run.findings += check_scores(job, run.champion, run.extract)
    run.findings += check_arrivals(job, run.champion.bundle.profile.arrivals, run.extract)
    if not is_fit(run.findings):
        return conclude(run, Outcome.QUALITY_FAILED, UNFIT)
    prepared, ripeness = keep_ripe_days(job, run.champion, preprocess(job, run.extract, run.champion))
    run.findings += [*ripeness.findings, *report_customers(job.contract, prepared.keys, prepared.told_by)]
    observed = score_window(job, run.champion, run.extract, prepared, ripeness)
    run.findings += check_leaks(job, observed, quality.leaks)
    profile, positive = run.champion.bundle.profile, job.contract.positive_words
    policy = fit_levels(job.policy.drift, job.window.days)
    run.comparison = Comparison(profile, observed, policy, run.champion.own_limits, positive)
    run.findings += check_drift(job, run.comparison)
    run.findings += check_model_drift(job, run.comparison)
    run.findings = add_recent(run.findings, check_recent_days(job, run.comparison))
    run.findings, regime = recall_changes(job, run.champion, run.comparison, run.findings)
    run.findings += recall_first_answer(job, run.findings)

    decision = decide(run.findings, request.policy.decision, regime.retry)
    reason = f"{decision.reason} {ripeness.note}".strip()
    if decision.outcome is not None:
        return conclude(run, decision.outcome, reason)

    prepare_pages(job, is_stable=False)
    with hold_training_lock(job, run.champion):
        training = train_challenger(job, run.champion, prepared, regime)
        run.contest = compare_with_champion(job, run.champion, training, run.findings)
        succeeded = promote_or_keep(job, run.champion, training, run.contest, regime)
    run.successor = succeeded.successor
    return conclude(run, succeeded.outcome, f"{reason} {run.contest.decision.reason}")


def conclude(run: Run, outcome: Outcome, reason: str) -> State[dict[str, Any]]:
    """Every end: report, alert, journal; the verdict is told, and what no verdict depends on comes after it.

    The message begins with the outcome, the summary is the data.
    """
    job, run.outcome, run.reason = run.job, outcome, reason
    pages = write_pages(job, run, summarise_run(run, read_timings(job), datetime.now(UTC)))
    send_outcome_alert(job, run.as_result())
    version = run.champion.model.version if run.champion else None
    save_findings(job, run.findings, outcome, reason, version, is_replay=run.is_replay)
    save_bank_numbers(job, run.bank.as_history() if run.bank else None)
    save_figures(job, measure_figures(run))
    summary = {**summarise_run(run, read_timings(job), datetime.now(UTC)), "pages": pages}
    write_json(job.results / SUMMARY, summary)
    rebuild_history(job)
    tell_verdict(summary)
    publish_run(job, run.as_result(), summary)
    summary = add_self_check(run, add_pages(run, summary))
    return Completed(message=f"{say_outcome(summary)}: {reason}", data=summary)


@app.default
def command(
    *,
    options: Annotated[MonitorRequest, SPREAD] = MonitorRequest(),  # noqa: B008 - frozen
    month: Annotated[str | None, MONTH_HELP] = None,
    policy: Annotated[Path | None, POLICY_HELP] = None,
    fail_on: Annotated[list[str], Parameter(consume_multiple=True)] | None = None,
) -> int:
    """Monitor one window of loan applications.

    Exit code 0: the run did its work, whatever it found; 1: it could not; 2: bad arguments; 3: a question named by
    --fail-on failed.

    Parameters
    ----------
    fail_on
        Exit with 3 where one of these questions failed: quality, drift, data, label, concept, model.
    """
    try:
        request = read_options(options, policy, month)
        questions = read_questions(fail_on)
    except LoanwatchError as error:
        return report_error(error)
    code, summary = run_flow(monitor, as_parameters(request), show_end, show_verdict)
    return code or judge_exit(summary, questions)


if __name__ == "__main__":
    sys.exit(app())
