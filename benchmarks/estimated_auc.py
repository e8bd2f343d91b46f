"""How good is the AUC that is estimated without labels, of scores that are no probabilities?

    python -m benchmarks.estimated_auc

Each repeat draws a reference of 50,000 made-up applications with scores rounded to two decimals, and chunks of 5,000,
one for each kind of applicants. Every estimator learns from the reference and estimates each chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from cyclopts import App, Parameter
from joblib import Parallel, delayed, parallel_config
from sklearn.metrics import roc_auc_score

from benchmarks.auc_estimators import LEARNERS, OURS
from benchmarks.command_line import run_command
from benchmarks.foreign_scores import EVERYONE, FAMILIES, SAME, Family, draw_chunk
from benchmarks.foreign_truth import find_truths
from benchmarks.public_scores import ask_public
from blocks.errors import UsageError
from tasks.core.arrays import Floats

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
    `chance` is what the rows that were drawn add to the latter, and `hidden` the bias, by kind of applicants, that the
    true share at every rounded score would have.
    """

    family: str
    shown: dict[str, Floats]
    true: dict[str, Floats]
    chance: Floats
    hidden: Floats

    def find_error(self, estimator: str) -> float:
        """The mean absolute error against the chunk's labels."""
        return float(np.mean(np.abs(self.shown[estimator])))

    def find_true_error(self, estimator: str) -> float:
        """The mean absolute error against the population."""
        return float(np.mean(np.abs(self.true[estimator])))

    def find_bias(self, estimator: str) -> tuple[float, float]:
        """The bias for the kind of applicants where it is largest, with its sign; and so without what is hidden."""
        biases = np.mean(self.true[estimator] - self.chance, axis=0)
        return _find_largest(biases), _find_largest(biases - self.hidden)


def _find_largest(numbers: Floats) -> float:
    return float(numbers[np.argmax(np.abs(numbers))])


def measure_family(family: Family, size: Size, seed: int) -> Errors:
    """The errors of every estimator in every chunk."""
    random = np.random.default_rng([seed, FAMILIES.index(family)])
    truths = find_truths(family, random)
    shown: dict[str, list[Floats]] = {name: [] for name in LEARNERS}
    true: dict[str, list[Floats]] = {name: [] for name in LEARNERS}
    chance = []
    for _ in range(size.repeats):
        reference = draw_chunk(family, SAME, size.reference, random)
        chunks = [draw_chunk(family, applicants, size.chunk, random) for applicants in EVERYONE]
        areas = np.array([roc_auc_score(chunk.labels, chunk.scores) for chunk in chunks])
        chance.append([truth.find_chance(reference, chunk) for truth, chunk in zip(truths, chunks, strict=True)])
        for name, learn in LEARNERS.items():
            estimate = learn(reference.labels, reference.scores)
            found = np.array([estimate(chunk.scores) for chunk in chunks])
            shown[name].append(found - areas)
            true[name].append(found - np.array([truth.area for truth in truths]))
    hidden = np.array([truth.hidden for truth in truths])
    return Errors(family.name, _as_arrays(shown), _as_arrays(true), np.array(chance), hidden)


def _as_arrays(errors: dict[str, list[Floats]]) -> dict[str, Floats]:
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


@app.default
def run(
    *,
    repeats: int = 80,
    seed: int = 2020,
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
