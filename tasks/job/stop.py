"""Stop: a run that is told to end says so in its journal, and a lack of memory is told with what to do.

Prefect turns SIGTERM (`docker stop`, a pod that is moved, a worker that ends) into an exception in the main thread,
wherever that is. A library may swallow it or show another error in its place, so the signal itself is noted.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from blocks.errors import LoanwatchError

CANCELLED = "cancelled: "  # how the journal's message of a run that was told to stop begins
TOLD = f"{CANCELLED}the run was told to stop before it was done (SIGTERM). Run it again for this window."
INTERRUPTED = f"{CANCELLED}the run was interrupted by hand (Ctrl-C). Run it again for this window."
_KILLED = ("TerminatedWorkerError", "BrokenProcessPool")  # joblib's and Python's: a child of the run is gone
_told: list[bool] = []


class MemoryTooSmallError(LoanwatchError):
    """The run needs more memory than it may use."""


@contextmanager
def watch_for_stop() -> Iterator[None]:
    """Note a SIGTERM, then do what is done with it otherwise. Only the main thread can; elsewhere nothing is noted."""
    previous = signal.getsignal(signal.SIGTERM)

    def note(number: int, frame: FrameType | None) -> Any:
        _told.append(True)
        if callable(previous):
            return previous(number, frame)
        raise SystemExit(128 + number)

    try:
        signal.signal(signal.SIGTERM, note)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
        _told.clear()


def explain_stop(error: BaseException | None = None) -> str:
    """What the journal says of a run that was told to stop; nothing where it was not."""
    if _told:
        return TOLD
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else ""


def raise_if_stopped(error: BaseException | None = None) -> None:
    """Raises Prefect's TerminationSignal where the run was told to stop, whatever error shows in its place."""
    if _told:
        from prefect.exceptions import TerminationSignal

        if not isinstance(error, TerminationSignal):
            raise TerminationSignal(signal.SIGTERM) from error


def explain_memory(error: BaseException) -> MemoryTooSmallError | None:
    """What to do where an error stands for too little memory; None where it does not."""
    if isinstance(error, MemoryError):
        what = "The run needs more memory than it may use."
    elif type(error).__name__ in _KILLED:
        what = "A process of the run was killed, most likely because the machine or the container ran out of memory."
    else:
        return None
    return MemoryTooSmallError(
        f"{what} Give it more (LOANWATCH_WORKER_MEMORY in docker-compose.yml), choose a shorter window, or let the "
        "contract name its query's parts (`[parts]`), which are read with less memory."
    )
