"""Scheduler: sending parts to the workers of a Dask cluster as Prefect tasks, and waiting for what they return."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from blocks.errors import LoanwatchError
from tasks.job.journal import log
from tasks.models.cluster.announce import announce
from tasks.models.cluster.errors import ClusterError
from tasks.models.cluster.order import Order
from tasks.models.cluster.worker import check_worker

CONNECT_SECONDS, WORKER_SECONDS, LOOK_SECONDS = 20, 30, 2


@dataclass(frozen=True)
class Work:
    """What the workers do with a window, and what is left of it where it breaks off, in a message's words."""

    done: str
    left: str


READING = Work("read", "Nothing was recorded of it.")
SCORING = Work("scored", "The predictions of the parts that were done stay as they are.")


@dataclass
class Cluster:
    """A Dask cluster that is connected to, and what for."""

    address: str
    client: Any
    work: Work

    def count_threads(self) -> int:
        """The parts that its workers can read at a time."""
        return int(sum(self._ask(self.client.nthreads).values()))

    def check(self, order: Order) -> None:
        """Raises the error of a worker that may not work on the order."""
        for worker, told in self._ask(self.client.run, check_worker, order, on_error="return").items():
            if isinstance(told, LoanwatchError):
                raise told
            if isinstance(told, OSError):  # that worker is gone meanwhile, and needs no check
                log.warning("The Dask worker %s does not answer: %s", worker, told)
            elif isinstance(told, BaseException):
                raise ClusterError(
                    f"The Dask worker {worker} cannot run loanwatch ({type(told).__name__}: {told}). Install the same "
                    "loanwatch on it as here, with the extra `dask`, and start it again."
                )

    def run(
        self, function: Callable[..., Any], calls: Sequence[tuple[str, tuple[Any, ...]]]
    ) -> Iterator[tuple[str, Any]]:
        """The name of each of some calls and what a function of `tasks.models.cluster.worker` returns, in any order.

        A call has a name and its arguments. One whose worker died is made again by another worker. What is not needed
        any longer is given up when the iterator is closed.
        """
        waiting = {copy_context().run(_submit, self.client, function, name, given): name for name, given in calls}
        missing_since: float | None = None
        try:
            while waiting:
                done = self._wait(list(waiting))
                missing_since = self._look(missing_since) if not done else None
                for future in done:
                    name = waiting.pop(future)
                    yield name, self._take(future, name)
                    future.release()
        finally:
            for future in waiting:
                future.release()

    def _wait(self, futures: list[Any]) -> list[Any]:
        """Those that are done, at least one; none after some seconds."""
        from distributed import TimeoutError as DaskTimeoutError
        from distributed import wait

        try:
            with self.client.as_current():
                return list(wait(futures, timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED").done)
        except DaskTimeoutError:
            return []
        except _list_lost() as error:  # as soon as the scheduler is gone
            raise self._explain_lost(error) from None

    def _take(self, future: Any, name: str) -> Any:
        from distributed.scheduler import KilledWorker

        try:
            return future.result()
        except KilledWorker as error:
            raise ClusterError(
                f"The part {name} was given up: the workers that had it died, {error.last_worker.address} last. If "
                "their memory was too small, lower LOANWATCH_PART_MB or give them more, and run it again."
            ) from None
        except _list_lost() as error:
            raise self._explain_lost(error) from None

    def _look(self, missing_since: float | None) -> float | None:
        """Since when there has been no worker. Raises ClusterError where that is too long ago."""
        if self._ask(self.client.nthreads):
            return None
        now = time.monotonic()
        if missing_since is not None and now - missing_since > WORKER_SECONDS:
            raise ClusterError(
                f"The Dask scheduler at {self.address} has had no worker for {WORKER_SECONDS} s, and parts of the "
                f"window are still to be {self.work.done}. {self.work.left} Start workers, and run it again."
            )
        return missing_since or now

    def _ask(self, ask: Callable[..., Any], *given: Any, **named: Any) -> Any:
        try:
            return ask(*given, **named)
        except _list_lost() as error:
            raise self._explain_lost(error) from None

    def _explain_lost(self, error: Exception) -> ClusterError:
        return ClusterError(
            f"The connection to the Dask scheduler at {self.address} was lost while the window was "
            f"{self.work.done} ({type(error).__name__}). {self.work.left} Start the scheduler and its workers, and run "
            "it again; or leave `engine` out: this process then does it alone."
        )


@contextmanager
def open_cluster(address: str, work: Work) -> Iterator[Cluster]:
    """A cluster with at least one worker. Raises ClusterError, which names the address, where there is none."""
    try:
        from prefect_dask.client import PrefectDaskClient
    except ImportError:
        raise ClusterError(
            f"`engine` is {address}, and prefect-dask is not installed: pip install -r requirements/dask.lock."
        ) from None
    try:
        client = PrefectDaskClient(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at {address} ({type(error).__name__}: {error}). Start one there (`dask "
            "scheduler`) and its workers, correct `engine`, or leave it out: this process then does it alone."
        ) from None
    try:
        announce(address, client.dashboard_link)
        _require_workers(address, client)
        yield Cluster(address, client, work)
    finally:
        client.close(timeout=LOOK_SECONDS)


def _require_workers(address: str, client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except Exception as error:
        raise ClusterError(
            f"The Dask scheduler at {address} has no worker ({type(error).__name__}). Start some (`dask worker "
            f"{address}`), with the same loanwatch as here."
        ) from None


def _submit(client: Any, function: Callable[..., Any], name: str, given: tuple[Any, ...]) -> Any:
    """One call as a Prefect task of the run. To be called in a context of its own, which it changes.

    A worker needs neither the flow's function nor the stage that sends it, which would both be pickled with all that
    they refer to.
    """
    from prefect import Flow, task
    from prefect.cache_policies import NO_CACHE
    from prefect.context import FlowRunContext, TaskRunContext

    words = function.__name__.replace("_", " ")
    called = task(name=words, task_run_name=f"{words} {name}", cache_policy=NO_CACHE)(function)
    TaskRunContext.__var__.set(None)  # type: ignore[arg-type]
    if (context := FlowRunContext.get()) is not None:
        stand_in = Flow(_do_nothing, name=context.flow.name if context.flow else "run")
        FlowRunContext.__var__.set(context.model_copy(update={"flow": stand_in, "parameters": {}}))
    return client.submit(called, *given, pure=False)


def _list_lost() -> tuple[type[Exception], ...]:
    """How Dask says that the scheduler is gone: also by the cancelling of all that was sent to it."""
    from distributed.comm import CommClosedError

    return CommClosedError, CancelledError, TimeoutError


def _do_nothing() -> None:
    """In place of a flow's function."""
