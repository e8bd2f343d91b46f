"""Journal: what ran, when, and how it ended, in `loanwatch.mljob`; the findings of a run in `loanwatch.finding`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from tasks.core.findings import Finding
from tasks.job.job import Job
from tasks.job.liveness import show_alive
from tasks.schema.locks import Lock, lock_until_commit
from tasks.schema.queries import read_query

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger("loanwatch")


def stage(
    name: str, describe: Callable[[Any], str]
) -> Callable[[Callable[Concatenate[Job, P], R]], Task[Concatenate[Job, P], R]]:
    """Make a function of a job a stage: a Prefect task whose start and end stand in the journal.

    `describe` says in a few words what came out. Prefect's default cache policy would hash every frame it is handed.
    """

    def decorate(function: Callable[Concatenate[Job, P], R]) -> Task[Concatenate[Job, P], R]:
        @wraps(function)
        def run(job: Job, *args: P.args, **kwargs: P.kwargs) -> R:
            write_entry(job, name, "started", str(job.window))
            try:
                result = function(job, *args, **kwargs)
            except BaseException as error:
                # The run's own error must not be hidden by a journal that cannot be reached.
                with suppress(SQLAlchemyError, LoanwatchError):
                    write_entry(job, name, "failed", describe_error(error))
                raise
            write_entry(job, name, "finished", describe(result))
            return result

        return task(name=name.replace("_", " "), cache_policy=NO_CACHE)(run)

    return decorate


def write_entry(job: Job, stage: str, status: str, message: str = "") -> None:
    """Add one row to the journal, and tell whoever watches the run."""
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
    show_alive(job)
    with connect(job.database).begin() as connection:
        connection.execute(read_query("journal/add_entry"), entry)


def describe_error(error: BaseException) -> str:
    """What the journal says of an error: the whole message of our own, the bare kind of any other."""
    return str(error) if isinstance(error, LoanwatchError) else type(error).__name__


@stage("journal", lambda count: f"{count} findings kept")
def keep_findings(job: Job, findings: Sequence[Finding]) -> int:
    """Write the run's findings for the history page; returns how many.

    A window of a backfill leaves them once: those of an earlier attempt, whose worker died before it could say that the
    window was done, or which is done afresh, make place for these.
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
    if rows:
        with connect(job.database).begin() as connection:
            if job.backfill:
                _replace_attempts(connection, job)
            connection.execute(read_query("journal/add_finding"), rows)
    return len(rows)


def _replace_attempts(connection: Connection, job: Job) -> None:
    window = {"backfill": job.backfill, "window_start": job.window.start}
    lock_until_commit(connection, Lock.FINDINGS, f"{job.backfill}/{job.window.start}")
    entry = {
        "contract": job.contract.name,
        "job_id": job.job_id,
        "job_type": job.job_type,
        "job_date": job.started_at.date(),
        "message": f"Run {job.job_id} of the same backfill has taken its place.",
    }
    connection.execute(read_query("journal/replace_attempts"), {**window, **entry})


def read_timings(job: Job) -> list[dict[str, Any]]:
    """Each stage of the job in its order: stage, status, seconds, message."""
    with connect(job.database).connect() as connection:
        rows = connection.execute(read_query("journal/timings"), {"job_id": job.job_id}).mappings().all()
    return [{name: row[name] for name in ("stage", "status", "seconds", "message")} for row in rows]
