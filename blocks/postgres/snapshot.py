"""Snapshot: what one transaction sees, seen by others too, in other processes and on other machines."""

from __future__ import annotations

import re

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from blocks.postgres.errors import DatabaseError


class SnapshotError(DatabaseError):
    """The server does not let several connections see the same snapshot."""


def export_snapshot(connection: Connection) -> str:
    """The name of what a transaction sees, valid until it ends. Raises SnapshotError where the server refuses."""
    # Nothing is asked on this connection while others read: the server must not end it for being idle.
    unlimited = text(
        "select set_config(name, '0', true) from pg_settings"
        " where name in ('idle_in_transaction_session_timeout', 'transaction_timeout')"
    )
    try:
        connection.execute(unlimited)
        return str(connection.execute(text("select pg_export_snapshot()")).scalar_one())
    except SQLAlchemyError as error:
        raise SnapshotError(
            f"The database does not export a snapshot ({_tell(error)}), so that several workers would see different "
            "rows. Leave `engine` out: one process then reads the window."
        ) from None


def import_snapshot(connection: Connection, name: str) -> None:
    """Let a transaction that has asked nothing yet see what another one sees. Raises SnapshotError."""
    if not re.fullmatch(r"[0-9A-Fa-f-]+", name):
        raise SnapshotError(f"{name!r} is no name of a snapshot.")
    try:
        connection.execute(text(f"set transaction snapshot '{name}'"))
    except SQLAlchemyError as error:
        raise SnapshotError(
            f"The snapshot of this run cannot be read ({_tell(error)}). Either this is another server than the one "
            "that exported it, such as a replica, or the connection that holds it was cut. Let the database's name "
            "lead to the same server everywhere, and run it again."
        ) from None


def _tell(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
