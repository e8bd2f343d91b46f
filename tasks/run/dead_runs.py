"""Dead runs: their stages get an end in the journal, and the alert that they could not send is sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from tasks.alerts.block_kit import Message
from tasks.alerts.deliver import make_entry
from tasks.alerts.outbox import add_alert
from tasks.job.journal import log
from tasks.run.crash_notice import is_told_by_server
from tasks.schema.locks import Lock, lock_until_commit
from tasks.schema.queries import read_query


def close_dead_runs(engine: Engine) -> int:
    """Write `abandoned` for every stage that a dead run has left without an end; returns how many.

    A stage of a run that lives is left alone: its process holds the job's lock (`tasks.job.liveness`). Where the dead
    run has not reported its outcome, and no automation of a Prefect server tells of its crash, the outbox gets a
    message that says so.
    """
    with engine.begin() as connection:
        lock_until_commit(connection, Lock.DEAD_RUNS)
        dead = connection.execute(read_query("journal/unended")).mappings().all()
        for row in dead:
            message = compose_dead_run(row)
            log.warning("%s %s", message.title, message.lead)
            # Reported first: where this process dies as well, the next one finds the stage still without an end.
            # A backfill runs the window again by itself, and reports it at its end.
            is_backfill = row["job_type"] == "backfill"
            if not row["has_told"] and not is_backfill and not is_told_by_server(row["flow_run"]):
                add_alert(engine, make_entry(row["contract"], row["job_id"], message))
            connection.execute(read_query("journal/abandon"), dict(row))
    return len(dead)


def compose_dead_run(row: Any) -> Message:
    """The alert of a run that died in a stage."""
    return Message(
        severity="warning",
        title=f"{row['contract']}: a run for {row['window']} was killed.",
        lead=f"It ended in the stage {row['stage']} before reporting its outcome. Run it again for this window.",
        lists={},
        facts={"Outcome": "abandoned", "Job": row["job_id"]},
        links={},
        alert_id=f"{row['job_id']}/abandoned",
    )
