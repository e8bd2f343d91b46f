"""Alert: what a run reports goes into the outbox `loanwatch.alert`, from there to Slack, and to the log.

An alert never fails a run: what goes wrong here stands in the journal, and what was not delivered goes with the next
run.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from blocks.postgres.connect import connect
from tasks.alerts.block_kit import Message
from tasks.alerts.compose import compose_outcome, list_untested
from tasks.alerts.deliver import deliver_waiting, make_entry
from tasks.alerts.limits import explain_by_limits
from tasks.alerts.outbox import add_alert
from tasks.alerts.repeats import FindingChanges, compare_with_earlier, fingerprint, read_earlier
from tasks.core.findings import Outcome
from tasks.core.policy import AlertPolicy
from tasks.job.job import Job
from tasks.job.journal import describe_error, log
from tasks.job.run_result import RunResult
from tasks.job.stage import stage
from tasks.registry.entries import Entry, read_ledger


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


def is_worth_sending(
    result: RunResult, changes: FindingChanges, policy: AlertPolicy, placed: Sequence[Entry] = ()
) -> bool:
    """What went into production, what could not be judged, and what is new, due again or over are reported each time.

    A quiet run is reported only where the policy asks for it. `placed` are the rows of the ledger that it has written.
    """
    is_unjudged = result.outcome in (Outcome.QUALITY_FAILED, Outcome.UNDECIDED) or bool(list_untested(result))
    has_news = changes.reported or changes.recovered or changes.by_limit
    return bool(result.has_promoted or placed or is_unjudged or has_news or policy.when_stable)


def _save_outcome(engine: Engine, job: Job, result: RunResult) -> Message | None:
    policy = job.policy.alerts
    with engine.connect() as connection:
        earlier = read_earlier(connection, job)
        placed = [row for row in read_ledger(connection, result.contract) if row.job_id == job.job_id]
    unanswered_too = result.outcome is Outcome.UNDECIDED
    changes = compare_with_earlier(result.findings, unanswered_too, earlier, policy.still_every, result.champion)
    limits = {limit.name: limit.value for limit in result.changed_limits}
    changes = explain_by_limits(changes, result.findings, limits, earlier, result.champion)
    if not is_worth_sending(result, changes, policy, placed):
        return None
    message = compose_outcome(result, changes, policy.shown, placed)
    marks = tuple(fingerprint(finding) for finding in changes.reported)
    add_alert(engine, make_entry(result.contract, result.job_id, message, marks))
    level = logging.INFO if message.severity == "info" else logging.WARNING
    log.log(level, "%s\n%s", message.title, message.lead, extra={"stage": "alert", "status": "reported"})
    return message
