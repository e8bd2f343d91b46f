"""Training lock: one run at a time trains and promotes for a contract."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from tasks.job.job import Job
from tasks.registry.versions import Champion, find_current
from tasks.schema.locks import Lock, hold_lock

POLL_SECONDS = 0.5


class TrainingLockError(LoanwatchError):
    """Another run trains or promotes for this contract."""


@contextmanager
def hold_training_lock(job: Job, champion: Champion) -> Iterator[None]:
    """From training to promotion: one run at a time for each contract. A replay promotes nothing and need not wait.

    Raises TrainingLockError where another run takes too long, or where it has replaced the champion in the meantime,
    which this run has compared the window with.
    """
    if champion.is_replay:
        yield
        return
    with wait_for_training_lock(job):
        _refuse_other_champion(connect(job.database), job, champion.model.version)
        yield


@contextmanager
def wait_for_training_lock(job: Job) -> Iterator[None]:
    """Nobody else trains or promotes for the contract while the block lasts.

    Waits as long as the promotion policy says. Raises TrainingLockError where another run takes longer.
    """
    engine, patience = connect(job.database), job.policy.promotion.lock_seconds
    deadline = time.monotonic() + patience
    while True:
        with hold_lock(engine, Lock.TRAINING, job.contract.name) as is_ours:
            if is_ours:
                yield
                return
        if time.monotonic() >= deadline:
            raise TrainingLockError(
                f"Another run trains a model for {job.contract.name}, and has not ended within {patience} seconds. "
                "Nothing was changed. Run again once it is done, or raise the policy's promotion.lock_seconds."
            )
        time.sleep(POLL_SECONDS)


def _refuse_other_champion(engine: Engine, job: Job, incumbent: int) -> None:
    with engine.connect() as connection:
        current = find_current(connection, job.contract.name)
    if current != incumbent:
        raise TrainingLockError(
            f"The champion was version {incumbent} when this run began and is version {current} now: another run has "
            "promoted in between. Nothing was changed; run again to compare with the new champion."
        )
