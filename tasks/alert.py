"""Alert: what should be told, kept in the outbox `loanwatch.alert` until it has been."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from blocks.database import connect
from tasks.contract import QUERIES
from tasks.decide import Outcome
from tasks.findings import Finding, Verdict
from tasks.job import Job
from tasks.journal import log, stage

SHOWN = 5


@dataclass(frozen=True)
class Alert:
    """One message. `fingerprints` name the findings it tells, the same from run to run."""

    severity: str
    title: str
    body: str
    fingerprints: tuple[str, ...]


def compose_alert(job: Job, outcome: Outcome, reason: str, findings: Sequence[Finding]) -> Alert:
    """Severity, title and text of a run's message: the gravest findings with their numbers, and what was done."""
    told = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    lines = [f"- {finding.sentence}" for finding in told[:SHOWN]]
    if len(told) > SHOWN:
        lines.append(f"- and {len(told) - SHOWN} more in the report")
    title = f"{job.contract.name} {job.window}: {str(outcome).replace('_', ' ')}"
    body = "\n".join([reason, *lines, f"Report: {job.results / 'report.html'}"])
    return Alert(grade(outcome, told), title, body, tuple(fingerprint(finding) for finding in told))


def grade(outcome: Outcome, told: Sequence[Finding]) -> str:
    """How loud: critical for unfit data, warning for drift or an open question, info for the rest."""
    if outcome is Outcome.QUALITY_FAILED:
        return "critical"
    return "warning" if told or outcome is Outcome.UNDECIDED else "info"


def fingerprint(finding: Finding) -> str:
    """What makes two findings of different runs the same one."""
    return f"{finding.question}/{finding.check}/{finding.subject}"


def is_worth_telling(job: Job, alert: Alert) -> bool:
    """A quiet run says nothing unless the policy asks for it."""
    return alert.severity != "info" or job.policy.alerts.when_stable


@stage("alert", lambda alert: f"{alert.severity}: {alert.title}" if alert else "nothing to tell")
def put_in_outbox(job: Job, alert: Alert) -> Alert | None:
    """Keep the alert until it is delivered, and write it to the log. A run tells one thing, once."""
    if not is_worth_telling(job, alert):
        return None
    row: dict[str, Any] = {
        "alert_id": f"{job.job_id}/outcome",
        "contract": job.contract.name,
        "job_id": job.job_id,
        "severity": alert.severity,
        "title": alert.title,
        "body": alert.body,
        "payload": json.dumps({"window": [job.window.start.isoformat(), job.window.end.isoformat()]}),
        "fingerprints": list(alert.fingerprints),
    }
    query = (QUERIES / "outbox" / "add_alert.sql").read_text(encoding="utf-8")
    with connect(job.database).begin() as connection:
        connection.execute(text(query), row)
    log.warning("%s\n%s", alert.title, alert.body, extra={"stage": "alert", "status": "told"})
    return alert
