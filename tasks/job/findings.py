"""A run's findings (`loanwatch.finding`) and its outcome (`loanwatch.run`), for the history and for later runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from blocks.postgres.connect import connect
from tasks.core.findings import Finding, Outcome
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.schema.locks import Lock, lock_until_commit
from tasks.schema.queries import read_query


@stage("journal", lambda count: f"{count} findings and the outcome stored")
def save_findings(
    job: Job,
    findings: Sequence[Finding],
    outcome: Outcome,
    reason: str,
    champion: int | None = None,
    *,
    is_replay: bool = False,
) -> int:
    """Store the run's findings and its outcome in one transaction; returns how many findings.

    `champion` is the version that the window was judged by, None where it was unfit. A replay answers no change.

    A window of a backfill has them once: those of an earlier attempt, whose worker died before the window was marked as
    finished, or which is repeated, are replaced.
    """
    rows = [
        {
            **(record := finding.as_record()),
            "contract": job.contract.name,
            "job_id": job.job_id,
            "position": position,
            "window_start": job.window.start,
            "window_end": job.window.end,
            "details": json.dumps(record),
            "backfill": job.backfill,
        }
        for position, finding in enumerate(findings)
    ]
    ending = {
        "job_id": job.job_id,
        "contract": job.contract.name,
        "window_start": job.window.start,
        "window_end": job.window.end,
        "outcome": str(outcome),
        "reason": reason,
        "champion": champion,
        "backfill": job.backfill,
        "is_replay": is_replay,
    }
    with connect(job.database).begin() as connection:
        if job.backfill:
            _replace_attempts(connection, job)
        connection.execute(read_query("journal/add_run"), ending)
        if rows:
            connection.execute(read_query("journal/add_finding"), rows)
    return len(rows)


def save_bank_numbers(job: Job, numbers: Mapping[str, Any] | None) -> None:
    """Store the run's numbers in the bank's terms with its outcome, for the history; without any nothing is stored."""
    if numbers is not None:
        with connect(job.database).begin() as connection:
            values = {"job_id": job.job_id, "bank": json.dumps(numbers)}
            connection.execute(read_query("journal/add_bank_numbers"), values)


def save_figures(job: Job, figures: Mapping[str, Any]) -> None:
    """Store what the history draws of the run's window (`tasks/reports/figures.py`) with its outcome."""
    with connect(job.database).begin() as connection:
        values = {"job_id": job.job_id, "figures": json.dumps(figures)}
        connection.execute(read_query("journal/add_figures"), values)


def _replace_attempts(connection: Connection, job: Job) -> None:
    window = {"backfill": job.backfill, "window_start": job.window.start}
    lock_until_commit(connection, Lock.FINDINGS, f"{job.backfill}/{job.window.start}")
    entry = {
        "contract": job.contract.name,
        "job_id": job.job_id,
        "job_type": job.job_type,
        "job_date": job.started_at.date(),
        "message": f"Run {job.job_id} of the same backfill has replaced this run.",
    }
    connection.execute(read_query("journal/replace_attempts"), {**window, **entry})
