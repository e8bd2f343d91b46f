"""A job: what every stage of one run has to know, and no secret."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import psutil

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Database
from tasks.contract.contract import Contract
from tasks.core.files import make_private_folder
from tasks.core.held_days import HeldDays
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window


class ResultsError(LoanwatchError):
    """The results folder cannot be written."""


@dataclass(frozen=True)
class Job:
    """One run. `results` is the run's own folder, `store` the model store's folder or URL.

    `champion` is the version that was asked for by name, None where the one that was effective then is meant.
    `model_version` is the version of the lender's own model that was asked for, None for the one with most scores.
    `backfill` names the backfill that the run is a part of, if any. `held` are the days of the table, where it was
    asked for them to choose the window. `engine` is the address of the Dask scheduler whose workers read the window,
    "" where this process reads it.
    """

    job_id: str
    job_type: str
    contract: Contract
    database: Database
    window: Window
    policy: MonitorPolicy
    results: Path
    store: str
    started_at: datetime
    champion: int | None = None
    may_promote: bool = True
    backfill: str = ""
    held: HeldDays | None = None
    model_version: str | None = None
    engine: str = ""


def name_job(started_at: datetime) -> str:
    """A name that sorts by time and that no two runs share: 20240901T060000-3f9a1c."""
    return f"{started_at.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


@cache
def measure_start_up() -> float:
    """Seconds from the start of this process to the first call, which is made before the first query."""
    return time.time() - float(psutil.Process().create_time())


def is_job_id(text: str) -> bool:
    """Whether a text has the form of a job's name, and so may stand in a path."""
    return re.fullmatch(r"\d{8}T\d{6}-[0-9a-f]{6}", text) is not None


def make_results_folder(results: str, job_id: str) -> Path:
    """The run's own folder, made and tested to be writable. Raises ResultsError."""
    folder = Path(results).absolute() / job_id
    try:
        make_private_folder(folder.parent)
        folder.mkdir()
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ResultsError(
            f"The results folder {results} cannot be written ({error.strerror}). Choose another with `results`."
        ) from None
    return folder
