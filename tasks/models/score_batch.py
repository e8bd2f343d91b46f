"""Batch scoring: the probability and the decision of every application of a window, written to `prediction`.

Applications are read, scored and written in chunks, so that a window of millions needs no more memory than one of
thousands. A prediction is written once: scoring a window again adds new ones and changes none.
"""

from __future__ import annotations

import io
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv
from sqlalchemy import Engine

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from blocks.postgres.copy import copy_file
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.extract.extract import stream_window
from tasks.foreign.model import ScoreColumn
from tasks.job.job import Job
from tasks.job.stage import stage
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
    engine, began = connect(job.database), time.monotonic()
    version, threshold = champion.model.version, find_threshold(job.contract, job.policy.cut_off, champion.bundle)
    applications = added = unscored = 0
    with open_export(export, version) as write:
        for chunk in stream_window(engine, job.contract, job.window, chunk_rows):
            scores = score(champion.bundle.scorer, chunk)
            is_scored = ~np.isnan(scores)
            predictions = tabulate_predictions(job.contract, chunk.loc[is_scored], scores[is_scored], threshold)
            unscored += int((~is_scored).sum())
            added += add_predictions(engine, job.contract.name, version, predictions)
            write(predictions)
            applications += len(chunk)
            log.info("%s applications scored", f"{applications:,}", extra={"stage": "score", "status": "reported"})
    if unscored:
        log.warning("%s of %s applications got no prediction: the model has none for them", unscored, applications)
    return Scored(applications, added, time.monotonic() - began, threshold)


def tabulate_predictions(contract: Contract, applications: pd.DataFrame, scores: Floats, threshold: float) -> pa.Table:
    """One prediction for each application: its id, probability and decision."""
    return pa.table(
        {
            "loan_id": pa.array(applications[contract.id.name], pa.string()),
            "probability": scores,
            "decision": decide_loans(contract, scores, threshold).astype(object),
        }
    )


def add_predictions(engine: Engine, contract: str, version: int, predictions: pa.Table) -> int:
    """Write the predictions of a version in one transaction; returns how many are new."""
    lines = io.BytesIO()
    csv.write_csv(predictions, lines)
    lines.seek(0)
    with engine.begin() as connection:
        connection.execute(read_query("predictions/make_temporary"))
        copy_file(connection, TEMPORARY, tuple(predictions.column_names), lines)
        added = connection.execute(read_query("predictions/add"), {"contract": contract, "version": version})
        return int(added.rowcount)
