"""Found: what the runs over the windows of a backfill found, for its message and its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import Engine

from tasks.core.alarms import describe_alarms
from tasks.core.findings import read_finding
from tasks.schema.queries import read_query


@dataclass(frozen=True)
class Found:
    """What the run over a window found: the run, and its alarms in a few words."""

    job_id: str
    alarms: str = ""


def read_found(engine: Engine, backfill: str) -> dict[date, Found]:
    """What the runs of a backfill found, by the first day of their windows."""
    with engine.connect() as connection:
        rows = connection.execute(read_query("backfill/found"), {"backfill": backfill}).all()
    found = {}
    for start, group in groupby(rows, key=lambda row: row.window_start):
        held = list(group)
        alarms = [read_finding(row.details) for row in held if row.details is not None]
        found[start] = Found(held[0].job_id, describe_alarms(alarms))
    return found
