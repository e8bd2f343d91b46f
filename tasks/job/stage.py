"""Stage: a function of a job as a Prefect task whose start and end stand in the journal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, update_wrapper, wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from tasks.job.job import Job
from tasks.job.journal import describe_error, write_entry
from tasks.job.stop import explain_memory, explain_stop, raise_if_stopped

if TYPE_CHECKING:
    from prefect import Task

P = ParamSpec("P")
R = TypeVar("R")


class Stage(Generic[P, R]):
    """A function of a job that runs as a Prefect task; `fn` is the function without the task.

    Prefect is imported by the first call: what imports a pure function from a stage's module does not need it.
    `calls` counts those of all stages in this process.
    """

    calls: ClassVar[int] = 0

    def __init__(self, name: str, function: Callable[P, R]) -> None:
        self.name, self.fn = name, function
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the task.

        Prefect would search every argument, down to the last finding of a bundle, for results of other tasks.
        """
        from prefect.utilities.annotations import quote

        Stage.calls += 1
        task: Any = self._task
        return cast(R, task(*map(quote, args), **{name: quote(value) for name, value in kwargs.items()}))

    @cached_property
    def _task(self) -> Task[P, R]:
        from prefect import task
        from prefect.cache_policies import NO_CACHE

        # Prefect's default cache policy would hash every frame it is handed.
        return task(name=self.name, cache_policy=NO_CACHE)(self.fn)


def stage(
    name: str, describe: Callable[[Any], str]
) -> Callable[[Callable[Concatenate[Job, P], R]], Stage[Concatenate[Job, P], R]]:
    """Make a function of a job a stage: a Prefect task whose start and end stand in the journal.

    `describe` says in a few words what came out.
    """

    def decorate(function: Callable[Concatenate[Job, P], R]) -> Stage[Concatenate[Job, P], R]:
        @wraps(function)
        def run(job: Job, *args: P.args, **kwargs: P.kwargs) -> R:
            raise_if_stopped()
            is_told = False
            try:
                write_entry(job, name, "started", str(job.window))
                is_told = True
                result = function(job, *args, **kwargs)
            except BaseException as error:
                # The run's own error must not be hidden by a journal that cannot be reached.
                with suppress(SQLAlchemyError, LoanwatchError):
                    if is_told or explain_stop(error):
                        write_entry(job, name, "failed", describe_error(error))
                raise_if_stopped(error)
                if (lack := explain_memory(error)) is not None:
                    raise lack from error
                raise
            write_entry(job, name, "finished", describe(result))
            return result

        return Stage(name.replace("_", " "), run)

    return decorate
