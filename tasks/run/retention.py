"""Housekeeping: clear what loanwatch keeps, all of it or what is older than some days. Source tables are never touched.

All of it: the journal, findings, outcomes, predictions, outbox, backfills, registry and ledger of the contract, its
bundles and its run folders. Older than some days: the journal, findings, outcomes, alerts that were sent, predictions
of former champions, backfills that ended, and run folders. What a committee may ask for years later stays: the
registry, the ledger, the self-checks and the bundles of every model.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
from sqlalchemy import Connection, TextClause, text

from tasks.job.job import is_job_id
from tasks.schema.queries import read_query

# What of a table's rows may go once it is old, in the order in which rows may go: those that name others first.
PRUNED = {
    "mljob": "created_at < :before",
    "finding": "created_at < :before",
    "run": "finished_at < :before",
    "run_start": "started_at < :before",
    # What was not delivered yet still has to be.
    "alert": "created_at < :before and state <> 'pending'",
    # The champion's own predictions stay however old they are.
    "prediction": "scored_at < :before and model_version not in "
    "(select version from loanwatch.model_version where state = 'champion')",
    "backfill_window": "updated_at < :before and state = 'finished'",
}
CLEARED = (*PRUNED, "self_check", "settlement", "promotion", "model_version")


@dataclass(frozen=True)
class Cleared:
    """How many rows went from each table, and how many folders."""

    rows: dict[str, int]
    run_folders: int = 0
    bundles: int = 0


def count_rows(connection: Connection, contract: str) -> dict[str, int]:
    """What a reset of the contract would clear, by table."""
    return {table: _count(connection, contract, table) for table in CLEARED}


def prune(connection: Connection, contract: str, before: datetime) -> dict[str, int]:
    """Delete what is older than `before` and that nobody will ask for; returns the rows by table."""
    return {
        table: _delete(connection, contract, table, condition, before=before) for table, condition in PRUNED.items()
    }


def clear(connection: Connection, contract: str) -> tuple[dict[str, int], list[str]]:
    """Delete every row of the contract; returns the rows by table, and where the bundles lie that are now nobody's.

    The ledger is append-only for everybody else: its guard is put aside for this transaction.
    """
    locations = [
        str(row.artifact) for row in connection.execute(read_query("housekeeping/list_bundles"), {"contract": contract})
    ]
    connection.execute(read_query("housekeeping/open_ledger"))
    rows = {table: _delete(connection, contract, table) for table in CLEARED}
    connection.execute(read_query("housekeeping/close_ledger"))
    return rows, locations


def remove_bundles(locations: list[str]) -> int:
    """Delete bundles from the store; one that is gone already is no error. Returns how many there were."""
    removed = 0
    for location in locations:
        filesystem, root = fsspec.core.url_to_fs(location)
        if filesystem.exists(root):
            filesystem.rm(root, recursive=True)
            removed += 1
    return removed


def remove_run_folders(results: Path, before: datetime | None, jobs: set[str]) -> int:
    """Delete the folders of the given jobs that began before that time, or all of them; returns how many.

    Only folders that are named like a job are looked at.
    """
    if not results.is_dir():
        return 0
    limit = f"{before:%Y%m%dT%H%M%S}" if before else None
    doomed = [
        folder
        for folder in results.iterdir()
        if is_job_id(folder.name)
        and folder.name in jobs
        and folder.is_dir()
        and not folder.is_symlink()
        and (limit is None or folder.name[: len(limit)] < limit)
    ]
    for folder in doomed:
        shutil.rmtree(folder)
    return len(doomed)


def list_jobs(connection: Connection, contract: str) -> set[str]:
    """The jobs of the contract that the journal knows."""
    return {str(row.job_id) for row in connection.execute(read_query("housekeeping/list_jobs"), {"contract": contract})}


def _count(connection: Connection, contract: str, table: str) -> int:
    return int(connection.execute(_write("select count(*)", table, "true"), {"contract": contract}).scalar_one())


def _delete(connection: Connection, contract: str, table: str, condition: str = "true", **values: Any) -> int:
    return int(connection.execute(_write("delete", table, condition), {"contract": contract, **values}).rowcount)


def _write(action: str, table: str, condition: str) -> TextClause:
    """A statement on the contract's rows of one of our tables; table and condition are those named above."""
    return text(f"{action} from loanwatch.{table} where contract = :contract and {condition}")
