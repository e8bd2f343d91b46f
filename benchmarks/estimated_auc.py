"""How good is the AUC that is estimated without labels, of scores that are no probabilities?

    python -m benchmarks.estimated_auc

Each repeat draws a reference of 50,000 made-up applications with scores rounded to two decimals, and chunks of 5,000,
one for each kind of applicants. Every estimator learns from the reference and estimates each chunk.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from cyclopts import App, Parameter
from joblib import Parallel, delayed, parallel_config
from sklearn.metrics import roc_auc_score

from benchmarks.auc_estimators import LEARNERS, OURS
from benchmarks.command_line import run_command
from benchmarks.foreign_scores import EVERYONE, FAMILIES, SAME, Family, draw_chunk
from benchmarks.peer_environments import QUIET, ROOT, PeerError, find_python
from blocks.errors import UsageError
from tasks.core.arrays import Floats
from tasks.statistics.auc import expect_auc

POPULATION_ROWS = 2_000_000
WITHIN, LARGEST_BIAS = 1.10, 0.001

app = App(
    name="python -m benchmarks.estimated_auc", help=__doc__, help_format="plaintext", suppress_keyboard_interrupt=False
)


@dataclass(frozen=True)
class Size:
    """How much is drawn: repeats of a reference, the rows of a reference, and those of a chunk."""

    repeats: int
    reference: int
    chunk: int


@dataclass(frozen=True, eq=False)
class Errors:
    """Of one family, by estimator: arrays of repeats by kinds of applicants.

    `shown` is the distance from the AUC that the chunk's labels show, `true` that from the AUC of 2,000,000 rows.
    `hidden` is the bias, by kind of applicants, that the true share at every rounded score would have: what differs
    among applicants whose scores are rounded to one value is hidden from every estimator.
    """

    family: str
    shown: dict[str, Floats]
    true: dict[str, Floats]
    hidden: Floats

    def find_error(self, estimator: str) -> float:
        """The mean absolute error against the chunk's labels."""
        return float(np.mean(np.abs(self.shown[estimator])))

    def find_true_error(self, estimator: str) -> float:
        """The mean absolute error against the population."""
        return float(np.mean(np.abs(self.true[estimator])))

    def find_bias(self, estimator: str) -> tuple[float, float]:
        """The bias for the kind of applicants where it is largest, with its sign; and so without what is hidden."""
        biases = np.mean(self.true[estimator], axis=0)
        return _find_largest(biases), _find_largest(biases - self.hidden)


def _find_largest(numbers: Floats) -> float:
    return float(numbers[np.argmax(np.abs(numbers))])


def measure_family(family: Family, size: Size, seed: int) -> Errors:
    """The errors of every estimator in every chunk."""
    random = np.random.default_rng([seed, FAMILIES.index(family)])
    truths, hidden = _find_truths(family, random)
    shown: dict[str, list[list[float]]] = {name: [] for name in LEARNERS}
    true: dict[str, list[list[float]]] = {name: [] for name in LEARNERS}
    for _ in range(size.repeats):
        reference = draw_chunk(family, SAME, size.reference, random)
        chunks = [draw_chunk(family, applicants, size.chunk, random) for applicants in EVERYONE]
        areas = [float(roc_auc_score(chunk.labels, chunk.scores)) for chunk in chunks]
        for name, learn in LEARNERS.items():
            estimate = learn(reference.labels, reference.scores)
            found = [estimate(chunk.scores) for chunk in chunks]
            shown[name].append([one - area for one, area in zip(found, areas, strict=True)])
            true[name].append([one - truth for one, truth in zip(found, truths, strict=True)])
    return Errors(family.name, _as_arrays(shown), _as_arrays(true), hidden)


def _find_truths(family: Family, random: np.random.Generator) -> tuple[list[float], Floats]:
    """By kind of applicants: the AUC of 2,000,000 rows, and the bias of the true shares at every rounded score."""
    truths, biases = [], []
    known = draw_chunk(family, SAME, POPULATION_ROWS, random)
    scores, place = np.unique(known.scores, return_inverse=True)
    shares = np.bincount(place, weights=known.chances) / np.bincount(place)
    for applicants in EVERYONE:
        everyone = draw_chunk(family, applicants, POPULATION_ROWS, random)
        truths.append(expect_auc(everyone.chances, everyone.scores))
        by_score = shares[np.minimum(np.searchsorted(scores, everyone.scores), len(scores) - 1)]
        biases.append(expect_auc(by_score, everyone.scores) - truths[-1])
    return truths, np.array(biases)


def _as_arrays(errors: dict[str, list[list[float]]]) -> dict[str, Floats]:
    return {name: np.array(found) for name, found in errors.items()}


def as_table(measured: list[Errors]) -> list[str]:
    """One row for each family: by estimator both errors and the largest bias, in ten thousandths."""
    lines = [f"| family | {' | '.join(LEARNERS)} |", f"|{'---|' * (len(LEARNERS) + 1)}"]
    for errors in measured:
        cells = (
            f"{1e4 * errors.find_error(name):.1f}, {1e4 * errors.find_true_error(name):.1f}, "
            f"{1e4 * errors.find_bias(name)[0]:+.1f}"
            for name in LEARNERS
        )
        lines.append(f"| {errors.family} | {' | '.join(cells)} |")
    return lines


def check_goals(measured: list[Errors]) -> list[str]:
    """For each family: is ours within a tenth of the better one of isotonic and CBPE, and without bias?"""
    lines = []
    for errors in measured:
        ratios = [
            find(OURS) / min(find("isotonic"), find("CBPE")) for find in (errors.find_error, errors.find_true_error)
        ]
        bias, own = (abs(one) for one in errors.find_bias(OURS))
        word = "met   " if max(ratios) <= WITHIN and own < LARGEST_BIAS else "MISSED"
        lines.append(
            f"{word} {errors.family}: {ratios[0]:.3f} and {ratios[1]:.3f} times the better of isotonic and CBPE (at "
            f"most {WITHIN:g}), bias {bias:.4f}, without what rounding hides {own:.4f} (below {LARGEST_BIAS:g})"
        )
    return lines


def ask_public() -> list[str]:
    """The mean absolute error and the bias of the later half on NannyML's public car loans, NannyML's own among them.

    Raises PeerError where `make peers` has not made its environment.
    """
    command = [str(find_python("nannyml")), str(ROOT / "benchmarks" / "peers" / "ask_nannyml_cbpe.py")]
    try:
        asked = subprocess.run(command, env={**os.environ, **QUIET}, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PeerError("NannyML did not answer: make its environment with `make peers`.") from error
    public: dict[str, Any] = json.loads(asked.stdout)
    labels, scores = np.array(public["labels"], dtype=float), np.array(public["scores"])
    chunks = [(np.array(one["scores"]), np.array(one["labels"], dtype=float)) for one in public["chunks"]]
    estimates = {"NannyML": [one["estimate"] for one in public["chunks"]]}
    for name, learn in LEARNERS.items():
        estimate = learn(labels, scores)
        estimates[name] = [estimate(fresh) for fresh, _ in chunks]
    shown = np.array([roc_auc_score(decided, fresh) for fresh, decided in chunks])
    lines = ["| estimator | mean absolute error | bias, later half |", "|---|---|---|"]
    for name, found in estimates.items():
        errors = np.array(found) - shown
        late = float(np.mean(errors[len(errors) // 2 :]))
        lines.append(f"| {name} | {float(np.mean(np.abs(errors))):.5f} | {late:+.5f} |")
    return lines


@app.default
def run(
    *,
    repeats: int = 100,
    seed: int = 2016,
    reference: int = 50_000,
    chunk: int = 5_000,
    peers: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Print the table and the goals.

    Parameters
    ----------
    repeats
        References for each family.
    seed
        Of everything random.
    reference
        Rows of a reference.
    chunk
        Rows of a chunk.
    peers
        Also estimate NannyML's public car loans, with NannyML itself (`make peers`).
    """
    if min(repeats, reference, chunk) < 1:
        raise UsageError("--repeats, --reference and --chunk must be at least 1.")
    size = Size(repeats, reference, chunk)
    with parallel_config(backend="loky", inner_max_num_threads=1):
        measured = Parallel(n_jobs=-1)(delayed(measure_family)(family, size, seed) for family in FAMILIES)
    print("\n".join([*check_goals(measured), "", *as_table(measured)]))
    if peers:
        print("\n".join(["", *ask_public()]))


def main() -> None:
    """Run the command line."""
    run_command(app)


if __name__ == "__main__":
    main()
