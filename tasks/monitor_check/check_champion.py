"""Check a champion: split its reference once, after the verdict of the run that has made it, and keep what was found.

It never fails a run. A run that dies before it leaves the champion without a record, and the next run makes it up.
"""

from __future__ import annotations

import time

from threadpoolctl import threadpool_limits

from blocks.postgres.connect import connect
from tasks.core.self_check import SelfCheck
from tasks.job.job import Job
from tasks.job.journal import describe_error, log
from tasks.job.stage import stage
from tasks.monitor_check.own_splits import draw_splits
from tasks.monitor_check.reference import read_reference
from tasks.monitor_check.self_check import Splits, summarise_splits
from tasks.registry.self_checks import find_self_check, save_self_check
from tasks.registry.versions import Champion
from tasks.schema.locks import Lock, hold_lock

DAYS_PER_MONTH = 30


def check_champion(job: Job, champion: Champion, window_rows: int | None = None) -> SelfCheck | None:
    """The champion's self-check, made now where there is none; None where it could not be made, or is not wanted.

    `window_rows` is the size of the windows to come; by default what a month of the reference holds.
    """
    if champion.self_check is not None or not job.policy.self_check.splits:
        return champion.self_check
    try:
        return split_reference(job, champion, window_rows or _find_monthly_rows(champion))
    except Exception as error:  # no verdict depends on it
        log.warning(
            "The self-check of version %s was not made: %s The next run tries again.",
            champion.model.version,
            describe_error(error),
        )
        return None


@stage("self_check", lambda made: f"{made.alarms} of {made.splits} splits alarmed" if made else "another run makes it")
def split_reference(job: Job, champion: Champion, window_rows: int) -> SelfCheck | None:
    """Split the champion's reference, and keep the record with its version; None where another run is about to."""
    engine, name, version = connect(job.database), job.contract.name, champion.model.version
    with hold_lock(engine, Lock.SELF_CHECK, f"{name}/{version}") as is_ours:
        if not is_ours:
            return None
        with engine.connect() as connection:
            known = find_self_check(connection, name, version)
        if known is not None:
            return known
        began = time.monotonic()
        reference = champion.reference or read_reference(job, champion)
        with threadpool_limits(limits=1):  # on so few rows, threads wait for each other longer than they work
            made = tuple(draw_splits(job.contract, job.policy, reference, window_rows))
        record = summarise_splits(version, Splits(made, job.policy), time.monotonic() - began)
        with engine.begin() as connection:
            save_self_check(connection, name, job.job_id, record)
        return record


def _find_monthly_rows(champion: Champion) -> int:
    model = champion.model
    days = sum(window.days for window in model.compared_with)
    return count_monthly_rows(model.reference_rows, days)


def count_monthly_rows(rows: int, days: int) -> int:
    """How many of a reference's rows come in a month."""
    return rows * DAYS_PER_MONTH // days
