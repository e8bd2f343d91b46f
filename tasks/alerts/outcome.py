"""Alert: what a run reports goes into the outbox `loanwatch.alert`, from there to Slack, and to the log.

An alert never fails a run: what goes wrong here stands in the journal, and what was not delivered goes with the next
run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from blocks.postgres.connect import connect
from tasks.alerts.block_kit import Message
from tasks.alerts.deliver import deliver_waiting, make_entry
from tasks.alerts.outbox import add_alert
from tasks.alerts.repeats import FindingChanges, compare_with_earlier, describe_fingerprint, fingerprint, read_earlier
from tasks.core.findings import Finding, Outcome
from tasks.core.policy import AlertPolicy
from tasks.job.job import Job
from tasks.job.journal import describe_error, log
from tasks.job.run_result import RunResult
from tasks.job.stage import stage
from tasks.prefect_ui.links import find_flow_run_id, link_page, link_run


@dataclass(frozen=True)
class AlertResult:
    """The run's message, None where there was nothing to report; and what happened to it and to earlier ones."""

    message: Message | None
    delivery: str

    def __str__(self) -> str:
        """For the journal."""
        severity = self.message.severity if self.message else "nothing to report"
        return f"{severity}; {self.delivery}" if self.delivery else severity


@stage("alert", str)
def send_outcome_alert(job: Job, result: RunResult) -> AlertResult:
    """Report the run's outcome where the policy asks for it, and deliver what waits in the outbox.

    A window of a backfill sends nothing: its backfill sends one message for all (`send_backfill_alert`).
    """
    if job.backfill:
        return AlertResult(None, "the backfill reports all its windows in one message")
    message = None
    try:
        engine = connect(job.database)
        message = _save_outcome(engine, job, result)
        return AlertResult(message, deliver_waiting(engine, job.policy.alerts))
    except Exception as error:  # an alert never fails a run, whatever it is
        log.warning("The alert could not be sent: %s", describe_error(error))
        return AlertResult(message, f"not sent: {describe_error(error)}")


def compose_outcome(result: RunResult, changes: FindingChanges, shown: int) -> Message:
    """The run's message: severity, outcome, the gravest findings with their numbers, what was done, the models.

    Of each list at most `shown` findings are listed.
    """
    lists = {
        "New": _list(changes.new, shown),
        "Still": _list(changes.still, shown),
        "Recovered": [describe_fingerprint(mark, result.positive) for mark in changes.recovered][:shown],
    }
    known = f"{len(changes.silent)} known findings persist and are not repeated." if changes.silent else ""
    outcome = str(result.outcome).replace("_", " ")
    return Message(
        severity=grade(result.outcome, [*changes.reported, *changes.silent]),
        title=f"{result.contract} {result.window}: {outcome}",
        lead=f"{result.reason} {known}".strip(),
        lists=lists,
        facts={"Outcome": outcome, **_describe_models(result)},
        links=_find_links(result),
        alert_id=f"{result.job_id}/outcome",
    )


def grade(outcome: Outcome, troubles: Sequence[Finding]) -> str:
    """How loud: critical for unfit data, warning for drift or an open question, info for the rest."""
    if outcome is Outcome.QUALITY_FAILED:
        return "critical"
    return "warning" if troubles or outcome is Outcome.UNDECIDED else "info"


def is_worth_sending(outcome: Outcome, changes: FindingChanges, policy: AlertPolicy) -> bool:
    """A promotion and what is new, due again or over are reported; a quiet run only where the policy asks for it."""
    return bool(outcome is Outcome.PROMOTED or changes.reported or changes.recovered or policy.when_stable)


def _save_outcome(engine: Engine, job: Job, result: RunResult) -> Message | None:
    policy = job.policy.alerts
    with engine.connect() as connection:
        earlier = read_earlier(connection, job)
    unanswered_too = result.outcome is Outcome.UNDECIDED
    changes = compare_with_earlier(result.findings, unanswered_too, earlier, policy.still_every, result.champion)
    if not is_worth_sending(result.outcome, changes, policy):
        return None
    message = compose_outcome(result, changes, policy.shown)
    marks = tuple(fingerprint(finding) for finding in changes.reported)
    add_alert(engine, make_entry(result.contract, result.job_id, message, marks))
    log.warning("%s\n%s", message.title, message.lead, extra={"stage": "alert", "status": "reported"})
    return message


def _list(findings: Sequence[Finding], shown: int) -> list[str]:
    lines = [finding.sentence for finding in findings[:shown]]
    return [*lines, f"and {len(findings) - shown} more in the report"] if len(findings) > shown else lines


def _describe_models(result: RunResult) -> dict[str, str]:
    if result.champion is None:
        return {"Model": "the champion stays"}
    facts = {"Model before": f"version {result.champion} ({result.champion_kind.replace('_', ' ')})"}
    facts["Model after"] = f"version {result.champion_after or result.champion}"
    if result.champion_auc is not None and result.challenger_auc is not None:
        facts["AUC"] = f"champion {result.champion_auc:.3f}, challenger {result.challenger_auc:.3f}"
    return facts


def _find_links(result: RunResult) -> dict[str, str]:
    page = link_run(find_flow_run_id())
    return {**({"Run": page} if page else {}), "Report": link_page(result.results, "report.html")}
