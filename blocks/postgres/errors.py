"""What went wrong with the database, in words that say what to do. No message holds a password."""

from __future__ import annotations

import re

from sqlalchemy import URL
from sqlalchemy.engine import ExceptionContext

from blocks.errors import LoanwatchError, UsageError


class DatabaseError(LoanwatchError):
    """The base of everything that the database refuses."""


class EmbeddedError(LoanwatchError):
    """The embedded PostgreSQL cannot be used."""


class DatabaseOptionError(UsageError):
    """The database was named in a way that cannot be used."""


class DatabaseUnreachableError(DatabaseError):
    """No server answers."""


class DatabaseLoginError(DatabaseError):
    """The server answers, and does not let us in."""


class DatabaseMissingError(DatabaseError):
    """The server has no database of that name."""


class DatabaseLostError(DatabaseError):
    """The connection was cut while it was used."""


class SourceMissingError(DatabaseError):
    """A table or a column that a query names is not there."""


class QueryError(DatabaseError):
    """A query cannot be answered as it is written, or from the values that it meets."""


class PermissionMissingError(DatabaseError):
    """The role may not do what a query asks for."""


class WriteRefusedError(DatabaseError):
    """A query that should only read tries to write."""


class StatementTimeoutError(DatabaseError):
    """A statement took longer than it may."""


class DatabaseFullError(DatabaseError):
    """The server's disk or memory is full."""


LOGIN = re.compile(r"password|authentication|no pg_hba\.conf entry|role \".*\" (does not exist|is not permitted)", re.I)
MISSING = re.compile(r"database \".*\" does not exist", re.I)
CUT = ("57P01", "57P02", "57P03", "08003", "08006", "08000", "25P03")


def explain(context: ExceptionContext) -> LoanwatchError | None:
    """Our error in place of the driver's, None where the driver's own says enough to the code that expects it.

    For SQLAlchemy's event `handle_error`.
    """
    if context.is_pre_ping:
        return None  # the pool finds the connection dead, and makes another one
    error = context.original_exception
    state = getattr(error, "pgcode", None)
    url = context.engine.url if context.engine is not None else None
    if type(error).__name__ in ("OperationalError", "InterfaceError") and state is None:
        return _explain_cut() if context.connection is not None else explain_refusal(str(error), url)
    if context.is_disconnect or state in CUT:
        return _explain_cut()
    return explain_state(error, state)


def explain_driver(error: Exception) -> DatabaseError | None:
    """Our error for one that the driver raised on a connection that was open; None as above."""
    state = getattr(error, "pgcode", None)
    if state in CUT or (state is None and type(error).__name__ in ("OperationalError", "InterfaceError")):
        return _explain_cut()
    return explain_state(error, state)


def explain_refusal(said: str, url: URL | None) -> DatabaseError:
    """Why no connection could be made; `said` is the driver's message."""
    place = _describe_place(url)
    if MISSING.search(said):
        name = url.database if url is not None else ""
        return DatabaseMissingError(f"The server {place} has no database {name!r}. Create it, or name another one.")
    if LOGIN.search(said):
        user = url.username if url is not None else ""
        return DatabaseLoginError(
            f"The server {place} does not let the user {user!r} in. Check the user and the password in the database "
            "block or in LOANWATCH_DATABASE_URL, and that pg_hba.conf allows this machine."
        )
    reason = said.strip().splitlines()[0].rsplit("failed: ", maxsplit=1)[-1] if said.strip() else "no answer"
    return DatabaseUnreachableError(
        f"No connection to the database server {place}: {reason}. Check that it runs and that host, port and sslmode "
        "are right in the database block or in LOANWATCH_DATABASE_URL."
    )


def explain_state(error: BaseException, state: str | None) -> DatabaseError | None:
    """Our error for an SQLSTATE that a person can correct."""
    said = str(error).strip().splitlines()[0] if str(error).strip() else ""
    if state in ("42P01", "42703", "3F000"):
        return SourceMissingError(
            f"The database lacks what a query names: {said}. Load the tables with `python -m flows.load DIR`, "
            "correct the contract's query, or name another database."
        )
    if state == "42501":
        return PermissionMissingError(
            f"The database role may not do this: {said}. Ask for the GRANTs that SECURITY.md lists."
        )
    if state == "25006":
        return WriteRefusedError(f"A query that should only read tries to write: {said}. Correct the contract's query.")
    if state == "57014":
        return StatementTimeoutError(
            f"The database stopped a statement: {said}. Choose a shorter window, index the time column, or raise "
            "LOANWATCH_STATEMENT_TIMEOUT (seconds)."
        )
    if state is not None and state.startswith("53"):
        return DatabaseFullError(
            f"The database server lacks room: {said}. Free disk space, memory or connections there."
        )
    return None


def _explain_cut() -> DatabaseError:
    return DatabaseLostError(
        "The connection to the database was cut. Check that the server runs, and run again: nothing is left half done."
    )


def _describe_place(url: URL | None) -> str:
    if url is None:
        return ""
    host = url.host or url.query.get("host") or "localhost"
    return f"{host}:{url.port}" if url.port else str(host)
