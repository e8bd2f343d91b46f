"""What is done to a run in the midst of it, as functions that a forked process can be handed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import make_url

from tests.support.replace import replace_object
from tests.support.wait import PATIENCE, wait_until

_done: list[str] = []


def once(action: Callable[[], None]) -> Callable[[], None]:
    """The action, the first time only."""
    return partial(_run_once, action)


def _run_once(action: Callable[[], None]) -> None:
    if not _done:
        _done.append("done")
        action()


def cut_connections() -> None:
    """Terminate every backend of the run's database, as an administrator or a failover would."""
    url = make_url(os.environ["LOANWATCH_DATABASE_URL"])
    host = url.query.get("host") or url.host
    connection = psycopg2.connect(
        host=host, port=url.port, user=url.username, password=url.password, dbname=url.database
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() and application_name = 'loanwatch'"
        )
    connection.close()


def kill_postmaster(home: Path) -> None:
    """SIGKILL for the embedded server, as when the machine runs out of memory."""
    where = home / "where"
    data = Path(where.read_text(encoding="utf-8").strip()) if where.exists() else home
    os.kill(int((data / "postgres" / "postmaster.pid").read_text(encoding="utf-8").split()[0]), signal.SIGKILL)


def wait_for(file: Path) -> None:
    """Stand still until the file is there."""
    wait_until(file.exists, PATIENCE, str(file), pause=0.1)


def shift_clock(days: int) -> None:
    """Set the run's clock by some days."""
    import flows.monitor  # noqa: F401 - it loads every module that reads the clock

    class Either(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, datetime)

    class Shifted(datetime, metaclass=Either):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz or UTC) + timedelta(days=days)

    replace_object(datetime, Shifted)
