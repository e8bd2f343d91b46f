"""Stage: a function of a job as a Prefect task whose start and end stand in the journal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from tasks.job.job import Job
from tasks.job.journal import describe_error, write_entry

P = ParamSpec("P")


R = TypeVar("R")


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
