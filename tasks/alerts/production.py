"""Production alert: what a person or a training puts into production, takes out of it, or settles is reported.

A run of `monitor` reports its own promotion with its outcome. Here nothing is ever undone by an alert that cannot be
sent: what the ledger says stays so.
"""

from __future__ import annotations

from blocks.postgres.connect import Database, connect
from tasks.alerts.block_kit import Message, render_message
from tasks.alerts.deliver import deliver_waiting, make_entry
from tasks.alerts.outbox import add_alert
from tasks.alerts.slack import DeliveryStatus, find_sender
from tasks.core.policy import AlertPolicy
from tasks.job.job import Job
from tasks.job.journal import describe_error, log
from tasks.registry.entries import Entry, read_ledger
from tasks.registry.promote import Promotion

# A person waits for the command to end.
PATIENCE = AlertPolicy(timeout_seconds=5, tries=2, patience_seconds=15)


def report_production(database: Database, row: Promotion | Entry, *, can_deliver: bool = True) -> str:
    """Report one row of the ledger through the outbox; where the database fails, straight to Slack. It never raises.

    `can_deliver` is False where the Prefect server that knows the Slack block is out of reach: the message waits in the
    outbox for the next run. Returns what happened to the message, in words.
    """
    message = compose_production(row)
    try:
        engine = connect(database)
        add_alert(engine, make_entry(row.contract, row.job_id, message))
    except Exception as error:  # what is in production is in production, whoever hears of it
        reason = describe_error(error)
        return _post_directly(message, reason) if can_deliver else f"not sent: {reason}"
    if not can_deliver:
        return "held for the next run"
    try:
        return deliver_waiting(engine, PATIENCE)
    except Exception as error:
        return f"held for the next run: {describe_error(error)}"


def report_job(job: Job) -> None:
    """Report the rows of the ledger that a job of another flow than `monitor` has written. It never fails a run."""
    try:
        with connect(job.database).connect() as connection:
            rows = [row for row in read_ledger(connection, job.contract.name) if row.job_id == job.job_id]
    except Exception as error:
        log.warning("The alert could not be sent: %s", describe_error(error))
        return
    for row in rows:
        log.info("alert: %s", report_production(job.database, row))


def compose_production(row: Promotion | Entry) -> Message:
    """The message of one row of the ledger."""
    before, after = _name_version(row.from_version), _name_version(row.to_version)
    recorded = f"/{row.recorded_at:%Y%m%dT%H%M%S}" if isinstance(row, Entry) else ""
    return Message(
        severity="info" if row.from_version in (None, row.to_version) else "warning",
        title=f"{row.contract}: {_say_change(row)}",
        lead=row.why,
        lists={},
        facts={"Model before": before, "Model after": after, "Effective from": str(row.effective_from)},
        links={},
        alert_id=f"{row.job_id}{recorded}/production",
    )


def _say_change(row: Promotion | Entry) -> str:
    if row.to_version is None:
        return f"version {row.from_version} is retired, and no model is in production"
    if row.from_version is None:
        return f"version {row.to_version} is now in production"
    if row.from_version == row.to_version:
        return f"a change was settled; version {row.to_version} stays in production"
    return f"version {row.to_version} is in production in place of version {row.from_version}"


def _name_version(version: int | None) -> str:
    return "none" if version is None else f"version {version}"


def _post_directly(message: Message, reason: str) -> str:
    try:
        sender = find_sender()
        answer = sender(render_message(message), PATIENCE.timeout_seconds) if sender else None
    except Exception as error:  # the block, or the Prefect server that knows it
        return f"not sent: {reason}; {describe_error(error)}"
    if answer is None:
        return f"not sent: {reason}"
    is_sent = answer.fate is DeliveryStatus.DELIVERED
    return "1 sent without the outbox" if is_sent else f"not sent: {reason}; {answer.said}"
