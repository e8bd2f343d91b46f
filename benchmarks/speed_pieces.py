"""Speed, the pieces: each is one way to do one work, on inputs that are ready; only `run` is measured.

The previous system's ways stand beside ours: a deepchecks suite of five checks; preprocessing by `apply` row by row and
a scikit-learn model's `predict`; a Random Forest and a Gradient Boosting of 100 trees of depth 10.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from benchmarks import speed_extract
from benchmarks.peer_environments import Peer
from benchmarks.speed_commands import prepare_backfill, prepare_history, prepare_start
from benchmarks.speed_data import MONTHS, Inputs, connect_to, load_inputs
from benchmarks.speed_wide import prepare_thousand, prepare_wide
from tasks.core.policy import DriftPolicy, QualityPolicy, TrainPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.extract.extract import Extract
from tasks.extract.labels import read_labels
from tasks.models.candidates import train_candidates
from tasks.models.preprocess import prepare
from tasks.models.scoring import score
from tasks.models.train import split_rows
from tasks.profile.profile import fit_profile
from tasks.profile.storage import load_profile
from tasks.quality.check import measure_quality
from tasks.reports.deepchecks.content import Content, code_rows, sample_applications
from tasks.reports.deepchecks.draw import draw_pages

CONTRACT = speed_extract.CONTRACT
TARGET = CONTRACT.target
POLICY = DriftPolicy()
Run = Callable[[], Any]


def prepare_extract(folder: Path, variant: str) -> Run:
    """The three ways to get one month's applications out of the database."""
    engine = connect_to(folder)
    ways = {
        "loanwatch": speed_extract.extract_ours,
        "previous": speed_extract.extract_previous,
        "floor": speed_extract.extract_floor,
    }
    return lambda: ways[variant](engine)


def prepare_quality(folder: Path, variant: str) -> Run:
    """All quality checks of a window."""
    extract = Extract(load_inputs(folder).current)
    return lambda: measure_quality(CONTRACT, extract, QualityPolicy())


def prepare_preprocess(folder: Path, variant: str) -> Run:
    """From extracted applications to the matrix that a model reads."""
    inputs = load_inputs(folder)
    if variant == "previous":
        return lambda: apply_by_row(inputs.current)
    steps = inputs.pipeline[:-1]
    return lambda: steps.transform(prepare(CONTRACT, inputs.current).applications)


def prepare_profile(folder: Path, variant: str) -> Run:
    """What is counted once, when a champion is made."""
    inputs = load_inputs(folder)
    return lambda: _fit_profile(inputs)


def prepare_drift(folder: Path, variant: str) -> Run:
    """All four drift questions, scores given; or what the others answer."""
    if variant in ("evidently", "nannyml"):
        return lambda: _ask_peer(variant, folder)
    inputs = load_inputs(folder)
    if variant == "previous":
        return _prepare_suite(inputs)
    if variant == "loanwatch with profile":
        return lambda: _ask_all(_fit_profile(inputs), inputs)
    profile = load_profile(folder / "profile.parquet")
    return lambda: _ask_all(profile, inputs)


def prepare_score(folder: Path, variant: str) -> Run:
    """A probability for every application."""
    inputs = load_inputs(folder)
    if variant == "loanwatch":
        return lambda: score(inputs.pipeline, inputs.current)
    model = joblib.load(folder / "previous.joblib")
    return lambda: model.predict_proba(apply_by_row(inputs.current))[:, 1]


def prepare_pages(folder: Path, variant: str) -> Run:
    """The three deepchecks pages, written to files."""
    inputs = load_inputs(folder)
    profile = load_profile(folder / "profile.parquet")
    findings = [finding for asked in _ask_all(profile, inputs) for finding in asked]

    def run() -> None:
        reference = code_rows(profile.decode, profile.codes, profile.labels, profile.scores)
        current = code_rows(
            lambda rows: profile.decode(profile.encode(rows)), inputs.current, inputs.labels, inputs.scores
        )
        rows = sample_applications(CONTRACT, inputs.current)
        draw_pages(folder, Content(CONTRACT, tuple(findings), rows, (reference, current)))

    return run


def prepare_train(folder: Path, variant: str) -> Run:
    """Both candidates, fitted on the first days and compared on the next."""
    split = split_rows(prepare(CONTRACT, load_inputs(folder).training), TrainPolicy())
    if variant == "loanwatch":
        return lambda: train_candidates(CONTRACT, split, [], TrainPolicy())
    return lambda: fit_previous(apply_by_row(split.train.applications), split.train.labels)


def prepare_flow(folder: Path, variant: str) -> Run:
    """`python -m flows.monitor` on the month, from the command to its exit."""
    days = [f"--{name}={day}" for name, day in MONTHS.items()]
    places = [f"--results={folder / 'results'}", f"--models={folder / 'models'}"]
    return lambda: subprocess.run(
        [sys.executable, "-m", "flows.monitor", *days, *places], check=True, stdout=subprocess.DEVNULL
    )


def prepare_api(folder: Path, variant: str) -> Run:
    """One application's answer over HTTP, and those of 1,000; or what another server takes for the same model."""
    from benchmarks import speed_api  # what it imports is no part of the other pieces' memory

    return speed_api.prepare_api(folder, variant)


def prepare_cluster(folder: Path, variant: str) -> Run:
    """The month read and measured by this process, or by the workers of a Dask cluster."""
    from benchmarks import speed_cluster

    return speed_cluster.prepare_cluster(folder, variant)


def apply_by_row(applications: pd.DataFrame) -> pd.DataFrame:
    """Preprocessing as the previous system did it: a Python function for each value, and one for each row."""
    features = {}
    for column in CONTRACT.features:
        values = applications[column.name]
        if column.type == "number":
            typical = values.median()
            features[column.name] = values.apply(lambda value, typical=typical: typical if pd.isna(value) else value)
        else:
            places = {word: place for place, word in enumerate(sorted(values.dropna().unique()))}
            features[column.name] = values.astype(object).apply(lambda word, places=places: places.get(word, -1))
    made = pd.DataFrame(features)
    for derived in CONTRACT.derived:
        if derived.numerator and derived.denominator:
            over, under = derived.numerator, derived.denominator
            made[derived.name] = made.apply(lambda row, o=over, u=under: row[o] / row[u] if row[u] else 0.0, axis=1)
    return made


def fit_previous(features: pd.DataFrame, labels: Any) -> tuple[Any, Any]:
    """The previous system's pair of models."""
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

    known = ~np.isnan(labels)
    forest = RandomForestClassifier(n_estimators=100, max_depth=10, random_state=0)
    boosting = GradientBoostingClassifier(n_estimators=100, max_depth=10, random_state=0)
    return forest.fit(features[known], labels[known]), boosting.fit(features[known], labels[known])


def _ask_peer(peer: str, folder: Path) -> float:
    with Peer(peer) as asked:
        return float(asked.ask(folder / "reference.parquet", folder / "current.parquet")["seconds"])


def _ask_all(profile: Any, inputs: Inputs) -> Any:
    comparison = Comparison(profile, ScoredWindow(inputs.current, inputs.labels, inputs.scores), POLICY)
    return measure_drift(comparison), measure_model_drift(comparison)


def _fit_profile(inputs: Inputs) -> Any:
    return fit_profile(
        CONTRACT,
        ScoredWindow(inputs.reference, read_labels(CONTRACT, inputs.reference), inputs.reference_scores),
        origin="out_of_fold",
        seed=0,
    )


def _prepare_suite(inputs: Inputs) -> Run:
    """Five deepchecks checks in one suite, with deepchecks' own settings."""
    from tasks.reports.deepchecks.checks import load_deepchecks

    names = [column.name for column in CONTRACT.features]
    words = [column.name for column in CONTRACT.features if column.type == "category"]

    # Its import takes seconds, and is not what is measured.
    with load_deepchecks():
        from deepchecks.tabular import Dataset, Suite, checks

    def run() -> Any:
        with load_deepchecks():
            sets = []
            for frame in (inputs.reference, inputs.current):
                coded = frame[[*names, TARGET.name]].astype(dict.fromkeys([*words, TARGET.name], object))
                sets.append(Dataset(coded.dropna(subset=[TARGET.name]), label=TARGET.name, cat_features=words))
            asked = ("FeatureDrift", "MultivariateDrift", "LabelDrift", "FeatureLabelCorrelationChange")
            suite = Suite("previous", *(getattr(checks, name)() for name in asked), checks.NewCategoryTrainTest())
            return suite.run(*sets)

    return run


# Works that are whole commands, on a lender of their own.
COMMANDS = ("start", "backfill", "history", "wide", "thousand")

PIECES: dict[str, tuple[Callable[[Path, str], Run], tuple[str, ...]]] = {
    "extract": (prepare_extract, ("loanwatch", "previous", "floor")),
    "quality": (prepare_quality, ("loanwatch",)),
    "preprocess": (prepare_preprocess, ("loanwatch", "previous")),
    "profile": (prepare_profile, ("loanwatch",)),
    "drift": (prepare_drift, ("loanwatch", "loanwatch with profile", "previous", "evidently", "nannyml")),
    "score": (prepare_score, ("loanwatch", "previous")),
    "pages": (prepare_pages, ("loanwatch",)),
    "train": (prepare_train, ("loanwatch", "previous")),
    "cluster": (prepare_cluster, ("loanwatch", "one worker", "two workers")),
    "flow": (prepare_flow, ("loanwatch",)),
    "api": (prepare_api, ("loanwatch", "mlflow", "bentoml")),
    "start": (prepare_start, ("quiet month", "running server", "retraining")),
    "backfill": (prepare_backfill, ("one worker",)),
    "history": (prepare_history, ("300 runs", "10 years of 3 contracts")),
    "wide": (prepare_wide, ("first run", "later month")),
    "thousand": (prepare_thousand, ("first run", "later month", "evidently")),
}
