"""Journal: what ran, when, and how it ended, in `loanwatch.mljob`; the findings of a run in `loanwatch.finding`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from tasks.job.job import Job
from tasks.job.liveness import hold_job_lock
from tasks.job.stop import explain_memory, explain_stop
from tasks.schema.queries import read_query

RUN = "run"  # stands in the place of a stage in an entry about the whole run

log = logging.getLogger("loanwatch")
_latest: dict[str, Any] = {}  # the job and the status of this process's latest entry


def write_entry(job: Job, stage: str, status: str, message: str = "") -> None:
    """Add one row to the journal, and log it for whoever watches the run."""
    log.info(message, extra={"stage": stage, "status": status})
    _latest.update(job=job, status=status)
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
    """What the journal says of an error: the whole message of our own, the bare kind of any other.

    Of a run that was told to stop, only that: what broke on the way is of no interest.
    """
    told = explain_stop(error) or str(explain_memory(error) or "")
    return told or (str(error) if isinstance(error, LoanwatchError) else type(error).__name__)


@contextmanager
def close_job_when_stopped() -> Iterator[None]:
    """Write the end of a job that is told to stop between two stages; within one the stage has written it."""
    _latest.clear()
    try:
        yield
    except BaseException as error:
        told, job = explain_stop(error), _latest.get("job")
        if told and job is not None and _latest["status"] != "failed":
            with suppress(SQLAlchemyError, LoanwatchError):  # the run's end must not be hidden by a lost database
                write_entry(job, RUN, "failed", told)
        raise


def read_timings(job: Job) -> list[dict[str, Any]]:
    """Each stage of the job in its order: stage, status, seconds, message."""
    with connect(job.database).connect() as connection:
        rows = connection.execute(read_query("journal/timings"), {"job_id": job.job_id}).mappings().all()
    return [{name: row[name] for name in ("stage", "status", "seconds", "message")} for row in rows]
