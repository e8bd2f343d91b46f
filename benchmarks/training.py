"""Training: how long both candidates take and how well they rank, beside the previous system's pair on the same rows.

The previous pair is a Random Forest and a GradientBoostingClassifier of 100 trees of depth 10. All read the matrix that
our preprocessing makes; its own time is in the times with calibration only.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cyclopts import App
from rich.console import Console
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import brier_score_loss, roc_auc_score

from benchmarks.pools import read_applications
from tasks.contract.load import load_contract
from tasks.core.arrays import Floats
from tasks.core.files import write_json
from tasks.core.policy import Kind, QualityPolicy, TrainPolicy
from tasks.demo.applicants import sample_applicants
from tasks.demo.rule import USUAL_RULE, compute_odds
from tasks.models.estimators import build_classifier
from tasks.models.features import build_preprocessor
from tasks.models.preprocess import Prepared, prepare
from tasks.models.scoring import score
from tasks.models.train import fit_candidate
from tasks.quality.leak_search import measure_leaks, suspect_rows

CONTRACT = load_contract("loan_applications")
POLICY = TrainPolicy()
REFERENCE = ("2015-04-16", "2015-05-30")
CURRENT = ("2015-10-28", "2015-11-27")
MADE_ROWS, MADE_TEST_ROWS = 100_000, 20_000

app = App(name="benchmarks.training", help=__doc__)


@dataclass(frozen=True)
class Record:
    """One model. `variant` is previous, plain (no folds) or calibrated; `seconds` are the wall's, `cpu` the process's.

    `auc_without_suspects` leaves out test rows whose decision a column is suspected to give away.
    """

    rows: int
    variant: str
    kind: str
    seconds: float
    cpu: float
    test_rows: int
    auc: float
    auc_without_suspects: float | None
    brier: float


@dataclass(frozen=True)
class Rows:
    """Labelled rows to fit on, labelled rows to judge, and which of these are suspected to give the decision away."""

    training: Prepared
    test: Prepared
    suspects: np.ndarray[Any, np.dtype[np.bool_]]


def read_real(folder: Path) -> Rows:
    """The real applications: the reference window to fit on, the current one to judge."""
    applications = read_applications(folder, CONTRACT)
    days = applications[CONTRACT.time.name].dt.strftime("%Y-%m-%d")
    parts = [applications[days.between(*window)].reset_index(drop=True) for window in (REFERENCE, CURRENT)]
    training, test = (prepare(CONTRACT, part) for part in parts)
    leaks = measure_leaks(CONTRACT, parts[0], training.labels, QualityPolicy())
    suspects = suspect_rows(leaks, parts[1])
    return Rows(training.take(training.is_labelled), test.take(test.is_labelled), suspects[test.is_labelled])


def make_rows(rows: int, test_rows: int, seed: int = 1) -> Rows:
    """Made-up applications by the demo's rule."""
    generator = np.random.default_rng(seed)
    applicants = sample_applicants(generator, rows + test_rows)
    chances = 1 / (1 + np.exp(-compute_odds(applicants, USUAL_RULE)))
    labels = (generator.random(len(chances)) < chances).astype(float)
    days = np.full(len(labels), np.datetime64("2024-01-01"))
    keys = pd.util.hash_array(np.arange(len(labels)))
    whole = Prepared(applicants[[column.name for column in CONTRACT.features]], labels, days, keys)
    first = np.arange(len(labels)) < rows
    return Rows(whole.take(first), whole.take(~first), np.zeros(test_rows, bool))


def measure_all(data: Rows, repeats: int = 1) -> list[Record]:
    """The three variants of both kinds; of several repeats the shortest counts, as a busy machine only adds."""
    steps = build_preprocessor(CONTRACT, POLICY.scaling)
    matrix = steps.fit_transform(data.training.applications)
    test_matrix = steps.transform(data.test.applications)
    labels = data.training.labels.astype(int)

    def fit_on_matrix(model: Any) -> Callable[[], Floats]:
        model.fit(matrix, labels)
        return lambda: np.asarray(model.predict_proba(test_matrix)[:, 1])

    def fit_whole(kind: Kind) -> Callable[[], Floats]:
        candidate = fit_candidate(CONTRACT, kind, data.training, POLICY)
        return lambda: score(candidate.pipeline, data.test.applications)

    previous = {
        Kind.RANDOM_FOREST: RandomForestClassifier(n_estimators=100, max_depth=10, random_state=0),
        Kind.GRADIENT_BOOSTING: GradientBoostingClassifier(n_estimators=100, max_depth=10, random_state=0),
    }
    works: list[tuple[str, Kind, Callable[[], Callable[[], Floats]]]] = []
    for kind in Kind:
        works += [
            ("previous", kind, lambda kind=kind: fit_on_matrix(previous[kind])),  # type: ignore[misc]
            ("plain", kind, lambda kind=kind: fit_on_matrix(build_classifier(kind, POLICY, *matrix.shape))),  # type: ignore[misc]
            ("calibrated", kind, lambda kind=kind: fit_whole(kind)),  # type: ignore[misc]
        ]
    measured = [[_measure(data, variant, kind, fit) for variant, kind, fit in works] for _ in range(repeats)]
    return [min(same, key=lambda record: record.cpu) for same in zip(*measured, strict=True)]


def _measure(data: Rows, variant: str, kind: Kind, fit: Callable[[], Callable[[], Floats]]) -> Record:
    wall, cpu = time.perf_counter(), time.process_time()
    predict = fit()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    scores, labels, kept = predict(), data.test.labels, ~data.suspects
    clean = float(roc_auc_score(labels[kept], scores[kept])) if data.suspects.any() else None
    auc, brier = float(roc_auc_score(labels, scores)), float(brier_score_loss(labels, scores))
    return Record(len(data.training), variant, str(kind), wall, cpu, len(labels), auc, clean, brier)


def check_goals(records: list[Record]) -> list[str]:
    """Each goal in a sentence, with a mark that says whether it is met."""
    told = []
    for rows in sorted({record.rows for record in records}):
        part = [record for record in records if record.rows == rows]
        total = {
            variant: sum(record.cpu for record in part if record.variant == variant)
            for variant in ("previous", "plain", "calibrated")
        }
        best = {
            variant: max(record.auc for record in part if record.variant == variant)
            for variant in ("previous", "calibrated")
        }
        told += [
            _tell(
                total["plain"] <= total["previous"] / 8, f"{rows:,} rows: both in an eighth of the previous pair's time"
            ),
            _tell(total["calibrated"] < total["previous"], f"{rows:,} rows: with calibration and folds, less than it"),
            _tell(best["calibrated"] >= best["previous"], f"{rows:,} rows: test AUC no lower"),
        ]
    return told


def _tell(is_met: bool, goal: str) -> str:
    return f"{'✓' if is_met else '✗'} {goal}"


@app.default
def run(*, data: Path | None = None, json: Path = Path("training.json"), made_rows: int = MADE_ROWS) -> None:
    """Measure on the real applications (where there are some) and on made-up ones.

    Parameters
    ----------
    data
        The folder with the three CSV files of real applications. Without it: made-up ones only.
    json
        Where the records go.
    made_rows
        How many made-up applications to fit on; 0 for none.
    """
    console = Console(highlight=False)
    inputs = [read_real(data)] if data else []
    inputs += [make_rows(made_rows, MADE_TEST_ROWS)] if made_rows else []
    records = []
    for given in inputs:
        for record in measure_all(given):
            records.append(record)
            clean = (
                "" if record.auc_without_suspects is None else f", without suspects {record.auc_without_suspects:.4f}"
            )
            console.print(
                f"{record.rows:>7,} {record.variant:<10} {record.kind:<17} {record.seconds:7.2f} s, "
                f"CPU {record.cpu:6.2f} s, AUC {record.auc:.4f}{clean}, Brier {record.brier:.4f}"
            )
    write_json(json, {"records": [asdict(record) for record in records]})
    for line in check_goals(records):
        console.print(line)


if __name__ == "__main__":
    sys.exit(app())
