"""Alive: how a run shows other runs that its process has not died."""

from __future__ import annotations

import os
from threading import Lock

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database, connect
from tasks.job.job import Job
from tasks.schema.locks import Lock as Locked
from tasks.schema.locks import share_lock

# One connection for each process and database holds the locks of all the process's jobs. It ends with the process, in
# whatever way that ends, and the locks with it.
_keepers: dict[tuple[int, Database], LockHolder] = {}
_lock = Lock()


class LockHolder:
    """A connection of its own, and the jobs whose locks it holds."""

    def __init__(self, database: Database) -> None:
        self._connection: Connection = connect(database).connect().execution_options(isolation_level="AUTOCOMMIT")
        self._connection.detach()
        self._held: set[str] = set()
        # So that the server soon misses a machine that has lost its power.
        self._connection.execute(text("select set_config('tcp_keepalives_idle', '30', false)"))

    def hold(self, job_id: str) -> None:
        """Hold the job's lock, once; raises where the connection was cut."""
        if job_id in self._held:
            self._connection.execute(text("select 1"))
            return
        share_lock(self._connection, Locked.JOB, job_id)
        self._held.add(job_id)


def hold_job_lock(job: Job) -> None:
    """Hold the job's lock for as long as this process lives; anew where the connection that held it was cut."""
    place = (os.getpid(), job.database)
    with _lock:
        try:
            _find_keeper(place).hold(job.job_id)
        except (SQLAlchemyError, LoanwatchError):
            _keepers.pop(place, None)
            _find_keeper(place).hold(job.job_id)


def _find_keeper(place: tuple[int, Database]) -> LockHolder:
    if place not in _keepers:
        _keepers[place] = LockHolder(place[1])
    return _keepers[place]
