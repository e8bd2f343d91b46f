"""The benchmark of the estimated AUC, on a small scale; and the population that the benchmark of verdicts asks for."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.auc_estimators import LEARNERS, OURS
from benchmarks.changes import CUSTOMER_COLUMNS, Pair, is_approved, resample_records
from benchmarks.estimated_auc import Size, as_table, check_goals, measure_family
from benchmarks.foreign_scores import FAMILIES
from benchmarks.pools import Pool
from benchmarks.population import measure_population_auc
from benchmarks.scores import cross_fit


@pytest.mark.slow
def test_isotonic_regression_misses_a_reversed_tail_and_a_cubic_a_step_and_ours_neither():
    *_, step, tail = (measure_family(family, Size(3, 20_000, 4_000), seed=1) for family in FAMILIES[-2:])
    assert abs(step.find_bias("cubic")[0]) > 0.03
    assert abs(tail.find_bias("isotonic")[0]) > 0.03
    assert abs(tail.find_bias("CBPE")[0]) > 0.03
    assert max(abs(one.find_bias(OURS)[0]) for one in (step, tail)) < 0.012
    assert len(as_table([step, tail])) == 4
    assert all("times the better of isotonic and CBPE" in line for line in check_goals([step, tail]))


def test_every_estimator_gives_the_reference_its_own_auc():
    random = np.random.default_rng(0)
    scores = random.random(3_000).round(2)
    labels = (random.random(3_000) < scores).astype(float)
    for name, learn in LEARNERS.items():
        assert learn(labels, scores)(scores) == pytest.approx(0.833, abs=0.02), name


def invent_pool(rows: int) -> Pool:
    """Half of the applicants have no record, and a quality that tells their decision; that of the others says nothing.

    The noise columns let a model learn its rows by heart.
    """
    random = np.random.default_rng(5)
    without, given = np.arange(rows) % 2 == 0, random.random(rows) < 0.5
    frame = pd.DataFrame(
        {
            "loan_id": np.arange(rows).astype(str),
            "loan_status": pd.Categorical(np.where(given, "loan given", "loan refused")),
            "quality": np.where(without & given, 2.0, np.where(without, -2.0, random.normal(0, 0.1, rows))),
            **{f"noise {place}": random.random(rows) for place in range(5)},
            **{name: np.where(without, np.nan, 1.0) for name in CUSTOMER_COLUMNS},
        }
    )
    return Pool("all", frame, date(2024, 1, 1), date(2024, 2, 1))


def ask_population(pool: Pool, reference: pd.DataFrame, points: float) -> float:
    random = np.random.default_rng(6)
    folds = cross_fit(reference, is_approved(reference), random)
    pair = Pair(pool, reference, reference, reference.head(0))
    return measure_population_auc(pair, resample_records(points), folds, random)


def test_the_population_is_shifted_by_as_many_points():
    """Two rows of the half that is told apart, or of both halves, are in order; two of the other by chance."""
    pool = invent_pool(4_000)
    reference = pool.applications.iloc[:2_000]
    for points in (0.0, -0.3):
        told = 0.5 + points
        assert ask_population(pool, reference, points) == pytest.approx(1 - (1 - told) ** 2 / 2, abs=0.03)


def test_no_row_of_the_population_is_scored_by_a_model_that_has_seen_it():
    """Where only noise is left, out-of-fold scores say nothing, and scores of seen rows do."""
    pool = invent_pool(4_000)
    noise = Pool("noise", pool.applications.iloc[1::2].reset_index(drop=True), pool.first_day, pool.last_day)
    reference = noise.applications
    folds = cross_fit(reference, is_approved(reference), np.random.default_rng(6))
    seen = roc_auc_score(is_approved(reference), folds.score(reference, np.random.default_rng(7)))
    assert seen > 0.58
    assert ask_population(noise, reference, 0.0) == pytest.approx(0.5, abs=0.04)
