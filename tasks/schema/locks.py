"""Locks: which of our processes wait for each other, by PostgreSQL's advisory locks.

A lock ends with its transaction or its connection, and so with a process that is killed: nothing is left to clean up.
Source: PostgreSQL documentation, "Explicit Locking", section "Advisory Locks".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError


class Lock(StrEnum):
    """What is locked. Most are held for each of something: the name that goes with it."""

    TABLES = "loanwatch.migration"  # creating or filling tables
    JOB = "loanwatch.job"  # by job; shared by its processes for as long as they live
    DEAD_RUNS = "loanwatch.abandon"  # closing the journal of runs that died
    FINDINGS = "loanwatch.finding"  # by window of a backfill; replacing the findings of an earlier attempt
    WINDOW = "loanwatch.backfill"  # by window of a backfill; monitoring it
    TRAINING = "loanwatch.training"  # by contract; from training to promotion
    PROMOTION = "loanwatch.promotion"  # by contract; adding a row to the ledger
    READER = "loanwatch.reader"  # by number; reading a part of a window
    SELF_CHECK = "loanwatch.self_check"  # by contract and version; splitting its reference


_KEY = "hashtextextended(:key, 0)"


def format_key(lock: Lock, name: str = "") -> dict[str, str]:
    """The text whose hash is the lock's number, as a bound parameter; `unended.sql` forms the same for a job."""
    return {"key": f"{lock}/{name}" if name else str(lock)}


def lock_until_commit(connection: Connection, lock: Lock, name: str = "") -> None:
    """Wait for a lock, and hold it until the transaction ends."""
    connection.execute(text(f"select pg_advisory_xact_lock({_KEY})"), format_key(lock, name))


def try_lock_until_commit(connection: Connection, lock: Lock, name: str) -> bool:
    """Whether the lock was free; it is then held until the transaction ends."""
    return bool(connection.execute(text(f"select pg_try_advisory_xact_lock({_KEY})"), format_key(lock, name)).scalar())


def share_lock(connection: Connection, lock: Lock, name: str) -> None:
    """Hold a lock together with others, for as long as the connection lasts."""
    connection.execute(text(f"select pg_advisory_lock_shared({_KEY})"), format_key(lock, name))


@contextmanager
def hold_lock(engine: Engine, lock: Lock, name: str) -> Iterator[bool]:
    """Yield whether the lock was free; it is then held, on a connection of its own, until the block ends."""
    key = format_key(lock, name)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_held = bool(connection.execute(text(f"select pg_try_advisory_lock({_KEY})"), key).scalar_one())
        try:
            yield is_held
        finally:
            if is_held:
                try:
                    connection.execute(text(f"select pg_advisory_unlock({_KEY})"), key)
                except (SQLAlchemyError, LoanwatchError):  # the connection is gone, and the lock with it
                    connection.invalidate()
