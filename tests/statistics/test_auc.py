"""The area under the ROC curve, its variance and its expectation: against scikit-learn and brute force."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tasks.statistics.auc import expect_auc, measure_auc, null_variance


def make_scores(rows=200, seed=0):
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < 0.6).astype(float)
    return labels, np.round(labels + random.normal(0, 1, rows), 1)  # rounded: with ties


def test_area_and_variance_by_every_pair():
    """DeLong's structural components, pair by pair."""
    labels, scores = make_scores()
    positive, negative = scores[labels == 1], scores[labels == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    variance = wins.mean(1).var(ddof=1) / len(positive) + wins.mean(0).var(ddof=1) / len(negative)
    area = measure_auc(labels, scores)
    assert area.value == pytest.approx(wins.mean())
    assert area.value == pytest.approx(roc_auc_score(labels, scores))
    assert area.variance == pytest.approx(variance)


def test_the_variance_is_that_of_repeated_samples():
    areas = [measure_auc(*make_scores(seed=seed)) for seed in range(600)]
    observed = np.var([area.value for area in areas])
    assert np.mean([area.variance for area in areas]) == pytest.approx(observed, rel=0.15)


def test_parted_labels_have_an_area_of_one_or_zero_and_still_a_variance():
    labels, scores = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.2, 0.7, 0.8])
    assert measure_auc(labels, scores).value == 1
    assert measure_auc(1 - labels, scores).value == 0
    assert measure_auc(labels, scores).variance > 0


def test_equal_scores_have_an_area_of_one_half():
    labels, scores = np.array([0.0, 1, 1, 0]), np.ones(4)
    assert measure_auc(labels, scores).value == 0.5
    assert null_variance(labels, scores) == 0


@pytest.mark.parametrize("scores", [[1.0, 2, 3, 4, 5, 6], [1.0, 1, 2, 2, 2, 3]])
def test_the_variance_without_a_difference_by_every_order(scores):
    labels = [1.0, 1, 0, 0, 0, 0]
    areas = [roc_auc_score(order, scores) for order in set(permutations(labels))]
    assert null_variance(np.array(labels), np.array(scores)) == pytest.approx(np.var(areas))


def test_the_expected_area_of_known_labels_is_the_area():
    labels, scores = make_scores()
    assert expect_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def test_the_expected_area_by_every_pair():
    random = np.random.default_rng(5)
    chances, scores = random.random(60), random.integers(0, 10, 60).astype(float)
    wins = (scores[:, None] > scores) + 0.5 * (scores[:, None] == scores)
    weights = np.outer(chances, 1 - chances)
    expected = (wins * weights).sum() / weights.sum()
    assert expect_auc(chances, scores) == pytest.approx(expected)


def test_weights_are_repeated_rows():
    labels, scores = make_scores(50)
    weights = np.arange(50) % 3 + 1
    repeated = expect_auc(np.repeat(labels, weights), np.repeat(scores, weights))
    assert expect_auc(labels, scores, weights.astype(float)) == pytest.approx(repeated)
