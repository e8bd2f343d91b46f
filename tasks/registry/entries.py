"""Entries: the ledger as it was written, and which model was in production on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from tasks.schema.queries import read_query


@dataclass(frozen=True)
class Entry:
    """One row of the ledger. `recorded_at` is the clock's time, `effective_from` the business date."""

    entry: int
    contract: str
    job_id: str
    recorded_at: datetime
    effective_from: date
    from_version: int | None
    to_version: int | None
    why: str
    evidence_sha256: str
    previous_hash: str
    row_hash: str


def read_ledger(connection: Connection, contract: str) -> list[Entry]:
    """Every row, in the order in which they were written."""
    rows = connection.execute(read_query("registry/ledger"), {"contract": contract})
    return [Entry(**row._mapping) for row in rows]


def find_entry_on(connection: Connection, contract: str, day: date, *, as_recorded: bool = False) -> Entry | None:
    """The row that put the model of that day into production; None where no model was.

    By business date, or `as_recorded`: by the clock, as it was known when the day (in UTC) ended.
    """
    if as_recorded:
        ended = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
        row = connection.execute(read_query("registry/recorded_on"), {"contract": contract, "before": ended}).first()
    else:
        row = connection.execute(read_query("registry/effective_on"), {"contract": contract, "day": day}).first()
    return None if row is None or row.to_version is None else Entry(**row._mapping)


def find_last_retirement(connection: Connection, contract: str) -> int:
    """The entry of the last retirement, 0 where there was none. What was in production before it knew other data."""
    return int(connection.execute(read_query("registry/last_retirement"), {"contract": contract}).scalar_one())
