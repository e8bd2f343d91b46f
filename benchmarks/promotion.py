"""Promotion: how often does the rule promote where nothing is better, and where something truly is?

- `equal`: champions and challengers of one distribution, one kind and equally many rows. Every challenger is fitted, as
  the pipeline does it, on the champion's rows and a new window's first days, and judged on its last ones; but as many
  of the champion's rows are left out as the window brings, and the kind is not chosen again: with more rows, or where
  chance chose the poorer kind for the champion, the challenger is truly better, and to promote it is no error.
- `better`: the champion is the challenger with noise on its log odds, so much that it truly loses 0.02 AUC (measured on
  the whole pool); each draw judges both on 3,000 rows of the pool.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import scipy
from cyclopts import App
from rich.console import Console
from sklearn.metrics import roc_auc_score

from benchmarks.training import CONTRACT, make_rows
from tasks.core.arrays import Floats
from tasks.core.files import write_json
from tasks.core.policy import Kind, PromotionPolicy, TrainPolicy
from tasks.models.candidates import Training, train_candidates
from tasks.models.preprocess import Prepared, concatenate
from tasks.models.scoring import score
from tasks.models.train import Candidate, Split, fit_candidate
from tasks.promotion.both_cut_offs import BOTH_EVEN, CHALLENGER, CHAMPION
from tasks.promotion.compare import decide_promotion
from tasks.promotion.judging import TestRows, judge, measure_comparison
from tasks.registry.known_customers import hash_customers
from tasks.statistics.regression import logit

QUICK = TrainPolicy(forest_trees=25, folds=2)
WINDOWS_PER_CHAMPION = 10

app = App(name="benchmarks.promotion", help=__doc__)


@dataclass(frozen=True)
class Record:
    """`promoted` of `draws` challengers; `low` and `high` are the ends of the share's 95 % interval."""

    scenario: str
    draws: int
    promoted: int
    low: float
    high: float


def count_equal(draws: int, reference_rows: int, window_rows: int, policy: TrainPolicy = QUICK) -> Record:
    """Challengers that are no better than their champion, ten for each champion."""
    promoted = 0
    champions = -(-draws // WINDOWS_PER_CHAMPION)
    for seed in range(champions):
        windows = min(WINDOWS_PER_CHAMPION, draws - seed * WINDOWS_PER_CHAMPION)
        rows = make_rows(reference_rows, windows * window_rows, seed=1000 + seed)
        champion = fit_as_first(rows.training, policy)
        known = hash_customers(rows.training.keys)
        for place in range(windows):
            window = _take(rows.test, place * window_rows, (place + 1) * window_rows)
            training = fit_equal(champion.kind, rows.training, _split(window), policy)
            promoted += _is_promoted(training, judge(training, champion.pipeline, known))
    return _count("equal", draws, promoted)


def fit_as_first(rows: Prepared, policy: TrainPolicy) -> Candidate:
    """A champion as the pipeline makes its first one: its kind is chosen on a part of the rows, and fitted on all."""
    kind = train_candidates(CONTRACT, _split(rows), [], policy).chosen.kind
    return fit_candidate(CONTRACT, kind, rows, policy)


def fit_equal(kind: Kind, known: Prepared, window: Split, policy: TrainPolicy) -> Training:
    """A challenger of that kind on the window's training rows and as many of the known ones as make up their number."""
    fitted_on = concatenate([_take(known, len(window.train), len(known)), window.train])
    fitted = fit_candidate(CONTRACT, kind, fitted_on, policy)
    return Training(fitted, fitted_on, {}, window, fitted_on, window.undecided)


def count_better(draws: int, test_rows: int, gain: float, policy: TrainPolicy = QUICK) -> Record:
    """A challenger that is truly better by `gain`, judged on `test_rows` rows."""
    pool = make_rows(5_000, 60_000, seed=7)
    training = train_candidates(CONTRACT, _split(pool.training), [], policy)
    challenger = score(training.chosen.pipeline, pool.test.applications)
    champion = _worsen(pool.test.labels, challenger, gain)
    generator, promoted = np.random.default_rng(11), 0
    for _ in range(draws):
        drawn = np.zeros(len(challenger), bool)
        drawn[generator.choice(len(challenger), test_rows, replace=False)] = True
        scores = {CHALLENGER: challenger[drawn], CHAMPION: champion[drawn]}
        promoted += _is_promoted(training, TestRows(pool.test.take(drawn), 0, scores, BOTH_EVEN))
    return _count("better", draws, promoted)


def _is_promoted(training: Training, judged: TestRows) -> bool:
    policy = PromotionPolicy()
    comparison = measure_comparison(CONTRACT, policy, training, judged)
    return decide_promotion(comparison, False, TrainPolicy().minimum_test_rows, policy).promote


def _worsen(labels: Floats, scores: Floats, loss: float) -> Floats:
    """The scores with so much noise that they lose that much AUC, found by bisection."""
    noise = np.random.default_rng(3).standard_normal(len(scores))
    odds, goal = logit(scores), roc_auc_score(labels, scores) - loss
    low, high = 0.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if roc_auc_score(labels, odds + middle * noise) > goal else (low, middle)
    return np.asarray(1 / (1 + np.exp(-(odds + low * noise))))


def _split(rows: Prepared) -> Split:
    """60 % to fit, 15 % to choose, 25 % to judge, as the pipeline cuts a window's days."""
    first, second = round(0.6 * len(rows)), round(0.75 * len(rows))
    return Split(_take(rows, 0, first), _take(rows, first, second), _take(rows, second, len(rows)))


def _take(rows: Prepared, start: int, end: int) -> Prepared:
    places = np.arange(len(rows))
    return rows.take((places >= start) & (places < end))


def _count(scenario: str, draws: int, promoted: int) -> Record:
    interval = scipy.stats.binomtest(promoted, draws).proportion_ci(0.95, method="wilson")
    return Record(scenario, draws, promoted, float(interval.low), float(interval.high))


@app.default
def run(*, draws: int = 200, json: Path = Path("promotion.json")) -> None:
    """Count promotions in both scenarios.

    Parameters
    ----------
    draws
        Challengers in each scenario.
    json
        Where the records go.
    """
    console = Console(highlight=False)
    records = [count_better(draws, 3_000, 0.02), count_equal(draws, 3_000, 2_000)]
    for record in records:
        console.print(
            f"{record.scenario:<8} {record.promoted} of {record.draws} promoted ({record.promoted / record.draws:.1%}, "
            f"95% interval {record.low:.1%} to {record.high:.1%})"
        )
    write_json(json, {"records": [asdict(record) for record in records]})


if __name__ == "__main__":
    sys.exit(app())
