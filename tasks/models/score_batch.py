"""Batch scoring: the probability and the decision of every application of a window, written to `prediction`.

Applications are read, scored and written in chunks, so that a window of millions needs no more memory than one of
thousands; or in parts, by the workers of a cluster. Each has its own transaction. A prediction is written once: scoring
a window again adds new ones and changes none.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv
from sqlalchemy import Connection, text

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from blocks.postgres.copy import copy_file
from tasks.contract.contract import Contract
from tasks.extract.extract import stream_window
from tasks.foreign.model import ScoreColumn, Scorer
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.cluster.errors import UncutQueryError
from tasks.models.cut_off import find_threshold
from tasks.models.export import open_export
from tasks.models.scoring import decide_loans, score
from tasks.registry.versions import Champion, load_current
from tasks.schema.queries import read_query

CHUNK_ROWS = 50_000
TEMPORARY = "scored"

log = logging.getLogger("loanwatch")


@dataclass(frozen=True)
class Scored:
    """The result of a batch: applications scored, new predictions, the seconds it took, and the threshold."""

    applications: int
    added: int
    seconds: float
    threshold: float

    @property
    def rate(self) -> float:
        """Applications a second, read, scored and written."""
        return self.applications / self.seconds if self.seconds else 0.0

    def as_record(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"rate": self.rate}


@dataclass(frozen=True)
class Tally:
    """What was done for some applications: how many there are, with a prediction, and with one that this run made."""

    applications: int = 0
    predicted: int = 0
    added: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.applications + other.applications, self.predicted + other.predicted, self.added + other.added)


@dataclass(frozen=True)
class Batch:
    """What the predictions of a run share.

    `since` is when the run began by the database's clock, where a part may be done twice: what the first attempt wrote
    counts as new in the second.
    """

    contract: str
    version: int
    threshold: float
    since: datetime | None = None


class ScoredElsewhereError(LoanwatchError):
    """The champion is the lender's own model, of which only the scores are known."""


@stage("load_champion", lambda champion: f"version {champion.model.version}, {champion.model.title}")
def load_champion(job: Job) -> Champion:
    """The model in production. Raises ScoredElsewhereError where it cannot score."""
    with connect(job.database).connect() as connection:
        champion = load_current(connection, job.contract.name)
    require_model(champion)
    return champion


def require_model(champion: Champion) -> None:
    """Raises ScoredElsewhereError where the champion is a column of scores, which can score nobody."""
    scorer = champion.bundle.scorer
    if isinstance(scorer, ScoreColumn):
        raise ScoredElsewhereError(
            f"Version {champion.model.version} in production is {champion.model.title}. Its scores are made elsewhere "
            f"and stand in the column {scorer.column}: loanwatch watches them and cannot score with it. A model of "
            "loanwatch's can score once it is in production: by the policy's `promotion.may_replace_external`, or by "
            "hand with `python -m flows.train --replace`."
        )


@stage("score", lambda done: f"{done.applications:,} applications, {done.added:,} new, {done.rate:,.0f} a second")
def score_applications(
    job: Job, champion: Champion, chunk_rows: int = CHUNK_ROWS, export: Path | None = None
) -> Scored:
    """Score the job's window with the champion, with or without labels; `export` is a CSV file that gets all of it too.

    Of an application that an imported model gives no number nothing is written: there is nothing to decide by.
    """
    began = time.monotonic()
    threshold = find_threshold(job.contract, job.policy.cut_off, champion.bundle)
    batch = Batch(job.contract.name, champion.model.version, threshold)
    total = None
    if job.engine:
        batch = replace(batch, since=_read_clock(job))
        total = _score_on_cluster(job, champion, batch)
    if total is None:
        total = _add_up(_score_here(job, champion, batch, chunk_rows, export))
    applications, unscored = total.applications, total.applications - total.predicted
    if unscored:
        log.warning("%s of %s applications got no prediction: the model has none for them", unscored, applications)
    return Scored(applications, total.added, time.monotonic() - began, threshold)


def predict(contract: Contract, scorer: Scorer, threshold: float, applications: pd.DataFrame) -> pa.Table:
    """The id, probability and decision of each application that the model gives a number."""
    scores = score(scorer, applications)
    is_scored = ~np.isnan(scores)
    return pa.table(
        {
            "loan_id": pa.array(applications.loc[is_scored, contract.id.name], pa.string()),
            "probability": scores[is_scored],
            "decision": decide_loans(contract, scores[is_scored], threshold).astype(object),
        }
    )


def add_predictions(connection: Connection, batch: Batch, predictions: pa.Table) -> int:
    """Write predictions within a transaction; returns how many are new since the batch began."""
    lines = io.BytesIO()
    csv.write_csv(predictions, lines)
    lines.seek(0)
    named = {"contract": batch.contract, "version": batch.version}
    connection.execute(read_query("predictions/make_temporary"))
    copy_file(connection, TEMPORARY, tuple(predictions.column_names), lines)
    added = connection.execute(read_query("predictions/add"), named).rowcount
    if added < len(predictions) and batch.since is not None:
        added = connection.execute(read_query("predictions/count_since"), named | {"since": batch.since}).scalar_one()
    return int(added)


def _score_on_cluster(job: Job, champion: Champion, batch: Batch) -> Tally | None:
    """The window by the workers of the job's cluster; None where its query cannot be cut by days."""
    # Dask takes a second to import, and is not everywhere installed.
    from tasks.models.cluster.score import score_on_cluster

    try:
        return _add_up(score_on_cluster(job, champion, batch))
    except UncutQueryError as error:
        log.warning("One process scores the window alone: %s", error)
        return None


def _score_here(job: Job, champion: Champion, batch: Batch, chunk_rows: int, export: Path | None) -> Iterator[Tally]:
    """The window by this process, chunk by chunk."""
    engine = connect(job.database)
    with open_export(export, batch.version) as write:
        for chunk in stream_window(engine, job.contract, job.window, chunk_rows):
            predictions = predict(job.contract, champion.bundle.scorer, batch.threshold, chunk)
            with engine.begin() as connection:
                added = add_predictions(connection, batch, predictions)
            write(predictions)
            yield Tally(len(chunk), len(predictions), added)


def _add_up(tallies: Iterator[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total += tally
        done = f"{total.applications:,}"
        log.info("%s applications scored", done, extra={"stage": "score", "status": "reported"})
    return total


def _read_clock(job: Job) -> datetime:
    with connect(job.database).connect() as connection:
        now: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
        return now
