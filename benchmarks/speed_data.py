"""Speed, the inputs: made once for a number of rows, in a folder that every measured process reads."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sqlalchemy import Engine

from benchmarks import speed_extract
from benchmarks.peer_environments import write_features
from benchmarks.speed_wide import SHAPES
from benchmarks.wide_lender import make_lender
from blocks.postgres.connect import Patience, make_engine
from blocks.postgres.copy import copy_file
from blocks.postgres.embedded import start_embedded
from tasks.core.arrays import Floats
from tasks.core.policy import Kind, TrainPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.extract.labels import read_labels
from tasks.models.preprocess import prepare
from tasks.models.scoring import score
from tasks.models.train import fit_candidate
from tasks.profile.profile import fit_profile
from tasks.profile.storage import save_profile

HOME = ".loanwatch"
FITTED_ROWS, REFERENCE_ROWS = 20_000, 10_000
MONTHS = {
    "start": "2024-01-01",
    "end": "2024-01-31",
    "reference-start": "2023-12-01",
    "reference-end": "2023-12-31",
}


@dataclass(frozen=True)
class Inputs:
    """A reference and a current window of the same size with scores, rows to train on, and a fitted pipeline."""

    reference: pd.DataFrame
    current: pd.DataFrame
    training: pd.DataFrame
    labels: Floats
    scores: Floats
    reference_scores: Floats
    pipeline: Any


def connect_to(folder: Path) -> Engine:
    """The embedded database of the inputs."""
    return make_engine(start_embedded(folder / HOME), Patience(statement=3600))


def load_inputs(folder: Path) -> Inputs:
    """The inputs as `make_inputs` left them."""
    inputs: Inputs = joblib.load(folder / "inputs.joblib")
    return inputs


def make_tables(folder: Path, rows: int) -> None:
    """The source tables with `rows` loans of the month, and the month before for a champion."""
    engine = connect_to(folder)
    speed_extract.make_tables(engine, rows)
    _add_month_before(engine)
    engine.dispose()


def make_flat_table(folder: Path) -> None:
    """The floor's flat table."""
    engine = connect_to(folder)
    speed_extract.make_flat_table(engine)
    engine.dispose()


def make_wide_tables(folder: Path, name: str) -> None:
    """The lender of a wide table: `wide` or `thousand`."""
    engine = connect_to(folder)
    make_lender(SHAPES[name], folder, engine)
    engine.dispose()


def make_inputs(folder: Path, training_rows: int) -> None:
    """Extract once, score with a model of 20,000 rows; the current window is the reference with 1 % of noise."""
    engine, contract = connect_to(folder), speed_extract.CONTRACT
    reference = speed_extract.extract_ours(engine).applications
    engine.dispose()
    fitted = prepare(contract, reference.sample(min(FITTED_ROWS, len(reference)), random_state=0))
    fitted = fitted.take(fitted.is_labelled)
    pipeline = fit_candidate(contract, Kind.GRADIENT_BOOSTING, fitted, TrainPolicy()).pipeline
    current = _add_noise(reference.sample(frac=1.0, random_state=1, ignore_index=True))
    prepared = prepare(contract, current)
    reference_scores = score(pipeline, reference)
    profile = fit_profile(
        contract,
        ScoredWindow(reference, read_labels(contract, reference), reference_scores),
        origin="out_of_fold",
        seed=0,
    )
    save_profile(profile, folder / "profile.parquet")
    training = reference.sample(min(training_rows, len(reference)), random_state=2, ignore_index=True)
    scores = score(pipeline, current)
    joblib.dump(
        Inputs(reference, current, training, prepared.labels, scores, reference_scores, pipeline),
        folder / "inputs.joblib",
    )
    _keep_previous_model(folder, fitted)
    write_features(contract, reference, folder / "reference.parquet")
    write_features(contract, current, folder / "current.parquet")


def _keep_previous_model(folder: Path, fitted: Any) -> None:
    from benchmarks.speed_pieces import apply_by_row, fit_previous

    joblib.dump(fit_previous(apply_by_row(fitted.applications), fitted.labels)[1], folder / "previous.joblib")


def _add_noise(applications: pd.DataFrame) -> pd.DataFrame:
    random = np.random.default_rng(3)
    for name in applications.select_dtypes("number").columns:
        if applications[name].nunique() > 100:
            applications[name] *= np.exp(random.normal(0, 0.01, len(applications))).astype(applications[name].dtype)
    return applications


def _add_month_before(engine: Engine) -> None:
    from tasks.demo.generator import make_applications

    made = make_applications(seed=7, months=1, per_month=REFERENCE_ROWS)
    loans = made["loan_details"]
    made["loan_details"] = loans.assign(
        application_time=loans["application_time"].str.replace("-01-2024", "-12-2023", regex=False)
    )
    with engine.begin() as connection:
        for table, rows in made.items():
            copy_file(connection, table, tuple(rows.columns), io.BytesIO(rows.to_csv(index=False).encode()))
