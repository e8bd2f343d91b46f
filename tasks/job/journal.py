"""Journal: what ran, when, and how it ended, in `loanwatch.mljob`; the findings of a run in `loanwatch.finding`."""

from __future__ import annotations

import logging
from typing import Any

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from tasks.job.job import Job
from tasks.job.liveness import hold_job_lock
from tasks.schema.queries import read_query

log = logging.getLogger("loanwatch")


def write_entry(job: Job, stage: str, status: str, message: str = "") -> None:
    """Add one row to the journal, and log it for whoever watches the run."""
    log.info(message, extra={"stage": stage, "status": status})
    entry = {
        "contract": job.contract.name,
        "job_id": job.job_id,
        "job_type": job.job_type,
        "job_date": job.started_at.date(),
        "stage": stage,
        "status": status,
        "message": message,
    }
    hold_job_lock(job)
    with connect(job.database).begin() as connection:
        connection.execute(read_query("journal/add_entry"), entry)


def describe_error(error: BaseException) -> str:
    """What the journal says of an error: the whole message of our own, the bare kind of any other."""
    return str(error) if isinstance(error, LoanwatchError) else type(error).__name__


def read_timings(job: Job) -> list[dict[str, Any]]:
    """Each stage of the job in its order: stage, status, seconds, message."""
    with connect(job.database).connect() as connection:
        rows = connection.execute(read_query("journal/timings"), {"job_id": job.job_id}).mappings().all()
    return [{name: row[name] for name in ("stage", "status", "seconds", "message")} for row in rows]
