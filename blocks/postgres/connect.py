"""Finding the database: the command line or parameter, LOANWATCH_DATABASE_URL, a Prefect block, the embedded one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Literal

from pydantic import SecretStr
from sqlalchemy import URL, Connection, Engine, create_engine, event

from blocks.environment import name_variable, read_environment
from blocks.postgres.embedded import find_home, start_embedded
from blocks.postgres.encoding import speak_utf8, write_storable
from blocks.postgres.errors import DatabaseOptionError, DatabaseUnreachableError, explain
from blocks.postgres.url import DRIVER, SCHEMES, parse_url
from blocks.registered import is_registered

BLOCK = "loans-postgres"
BLOCK_TYPE = "sqlalchemy-connector"
VARIABLE, REPLICA_VARIABLE = name_variable("database_url"), name_variable("replica_url")


@dataclass(frozen=True)
class Database:
    """Where a database is found: a name and no secret, so that it may be a task's argument and be pickled.

    `name` is the block's name or the embedded database's folder; "" for the environment's variables, of which one names
    the database and one its replica.
    """

    kind: Literal["block", "environment", "replica", "embedded"]
    name: str = ""

    def __str__(self) -> str:
        places = {"block": f"the Prefect block {self.name}", "environment": VARIABLE, "replica": REPLICA_VARIABLE}
        return places.get(self.kind, f"the embedded PostgreSQL in {self.name}")


@dataclass(frozen=True)
class Patience:
    """How long to wait, in whole seconds: for a connection, and for one statement (0: for ever)."""

    connect: int = 10
    statement: int = 900


def resolve_database(option: str | None = None) -> Database:
    """Which database is meant: the block named, else the environment's URL, else the block `loans-postgres`, else ours.

    Raises DatabaseOptionError for a URL: Prefect would keep it, password and all, with the run's parameters.
    """
    if option is not None and "://" in option:
        raise DatabaseOptionError(
            f"A database URL is no flow parameter: Prefect would store its password. Set {VARIABLE}, or name a block."
        )
    if option:
        return Database("block", option)
    if read_environment().database_url:
        return Database("environment")
    if is_block_registered(BLOCK):
        return Database("block", BLOCK)
    return Database("embedded", str(find_home()))


def adopt_database_option(option: str | None) -> str | None:
    """For command lines: move a URL into this process's environment, and return what may be a flow parameter."""
    if option is None or "://" not in option:
        return option
    parse_url(option, "--database")
    os.environ[VARIABLE] = option
    return None


def connect(database: Database) -> Engine:
    """The engine of a database, made once in each process and tested.

    Raises a LoanwatchError that says what to do; errors that a person can correct come out of the engine as such, too.
    """
    key = (os.getpid(), database, _read_url(database))
    with _lock:
        if key not in _engines:
            url, arguments = _find_url(database)
            engine = make_engine(url, read_patience(), arguments)
            engine.connect().close()
            _engines[key] = engine
        return _engines[key]


# A forked process must not share its parent's connections, hence the process in the key.
_engines: dict[tuple[int, Database, SecretStr | None], Engine] = {}
_lock = RLock()


def read_patience() -> Patience:
    """LOANWATCH_CONNECT_TIMEOUT and LOANWATCH_STATEMENT_TIMEOUT, or their defaults."""
    given = read_environment()
    return Patience(given.connect_timeout, given.statement_timeout)


def make_engine(url: URL, patience: Patience, arguments: dict[str, Any] | None = None) -> Engine:
    """An engine that gives up in time, notices a dead server, and whose errors say what to do.

    What the URL or `arguments` say of the connection goes before our own settings.
    """
    ours = {
        "connect_timeout": patience.connect,
        "application_name": "loanwatch",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    }
    settings = {name: value for name, value in ours.items() if name not in url.query} | (arguments or {})
    engine = create_engine(
        url, connect_args=settings, pool_pre_ping=True, pool_size=2, max_overflow=4, hide_parameters=True
    )
    event.listen(engine, "handle_error", explain)
    event.listen(engine, "before_cursor_execute", write_storable, retval=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # Not as a start-up option: connection poolers refuse those.
        connection.autocommit = True
        speak_utf8(connection)
        with connection.cursor() as cursor:
            cursor.execute(
                "select set_config('TimeZone', 'UTC', false), set_config('statement_timeout', %s, false)",
                (str(patience.statement * 1000),),
            )
        connection.autocommit = False

    return engine


@contextmanager
def read_snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees the tables as they are now, and that cannot write."""
    with engine.connect() as connection:
        # The setting is the connection's and ends with it, when it goes back to the pool.
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def _find_url(database: Database) -> tuple[URL, dict[str, Any]]:
    if database.kind == "embedded":
        return start_embedded(Path(database.name)), {}
    if database.kind == "block":
        return _load_block(database.name)
    given, variable = _read_url(database), str(database)
    if given is None:
        raise DatabaseOptionError(
            f"{variable} is not set in this process. Set it for the worker too, or register a block."
        )
    return parse_url(given.get_secret_value(), variable), {}


def _read_url(database: Database) -> SecretStr | None:
    """The URL that an environment variable holds; None where the database is named otherwise."""
    if database.kind == "replica":
        return read_environment().replica_url
    return read_environment().database_url if database.kind == "environment" else None


def _load_block(name: str) -> tuple[URL, dict[str, Any]]:
    """The URL and the connection arguments of a prefect-sqlalchemy block; the secret stays in this process."""
    if not is_block_registered(name):
        raise DatabaseOptionError(
            f"There is no Prefect block {name!r} of the type {BLOCK_TYPE}. Register it with `python -m "
            f"blocks.register`, or leave `database` out and set {VARIABLE}."
        )
    from prefect_sqlalchemy import SqlAlchemyConnector

    block: Any = SqlAlchemyConnector.load(name, _sync=True)
    url: URL = block._rendered_url
    if url.get_backend_name() not in SCHEMES:
        raise DatabaseOptionError(f"The Prefect block {name!r} names no PostgreSQL database. Name another one.")
    return url.set(drivername=DRIVER), dict(block.connect_args or {})


def is_block_registered(name: str) -> bool:
    """Whether Prefect knows the database block. Raises DatabaseUnreachableError where its server does not answer."""
    from httpx import HTTPError
    from prefect.settings import PREFECT_API_URL

    try:
        return is_registered(name, BLOCK_TYPE)
    except (HTTPError, RuntimeError):
        raise DatabaseUnreachableError(
            f"The Prefect server at {PREFECT_API_URL.value()} does not answer, so that the database block cannot be "
            f"looked up. Start the server, unset PREFECT_API_URL, or set {VARIABLE}."
        ) from None
