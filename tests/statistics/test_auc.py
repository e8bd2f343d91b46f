"""The area under the ROC curve: variance, expectation and the paired comparison, by brute force and by example."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tasks.statistics import counted_auc
from tasks.statistics.auc import compare_paired_auc, expect_auc, find_influence, measure_auc, null_variance
from tasks.statistics.clusters import find_clusters

# The ovarian cancer patients of DeLong, DeLong & Clarke-Pearson 1988, as the SAS/STAT user's guide prints them (PROC
# LOGISTIC, "Comparing Receiver Operating Characteristic Curves"): albumin, total protein, K-G score, label.
RECORDS = """
    3.0 5.8 10 0 3.2 6.3 5 1 3.9 6.8 3 1 2.8 4.8 6 0 3.2 5.8 3 1 0.9 4.0 5 0 2.5 5.7 8 0 1.6 5.6 5 1 3.8 5.7 5 1
    3.7 6.7 6 1 3.2 5.4 4 1 3.8 6.6 6 1 4.1 6.6 5 1 3.6 5.7 5 1 4.3 7.0 4 1 3.6 6.7 4 0 2.3 4.4 6 1 4.2 7.6 4 0
    4.0 6.6 6 0 3.5 5.8 6 1 3.8 6.8 7 1 3.0 4.7 8 0 4.5 7.4 5 1 3.7 7.4 5 1 3.1 6.6 6 1 4.1 8.2 6 1 4.3 7.0 5 1
    4.3 6.5 4 1 3.2 5.1 5 1 2.6 4.7 6 1 3.3 6.8 6 0 1.7 4.0 7 0 3.7 6.1 5 1 3.3 6.3 7 1 4.2 7.7 6 1 3.5 6.2 5 1
    2.9 5.7 9 0 2.1 4.8 7 1 2.8 6.2 8 0 4.0 7.0 7 1 3.3 5.7 6 1 3.7 6.9 5 1 3.6 6.6 5 1"""
PATIENTS = np.array([float(value) for value in RECORDS.split()]).reshape(-1, 4)


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


@pytest.mark.parametrize("most", [1, 7, 1_000])
def test_scores_that_come_a_part_at_a_time_have_the_same_area(most, monkeypatch):
    labels, scores = make_scores()
    whole = measure_auc(labels, scores)
    monkeypatch.setattr(counted_auc, "SCORES_AT_ONCE", most)
    area = measure_auc(labels, scores)
    assert area.value == pytest.approx(whole.value, rel=1e-14)
    assert area.variance == pytest.approx(whole.variance, rel=1e-12)


def test_rows_of_a_customer_add_what_their_influences_have_in_common():
    labels, scores = make_scores()
    clusters = find_clusters(np.arange(200) // 3)
    added = clusters.cross(find_influence(labels, scores))[0, 0]
    assert added > 0
    area, alone = measure_auc(labels, scores, clusters), measure_auc(labels, scores)
    assert area.value == alone.value
    assert area.variance == pytest.approx(alone.variance + added, rel=1e-12)


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


def draw_pair(rng, rows, noise_a, noise_b):
    """Labels and two scores that share a truth; less noise is a better score."""
    truth = rng.normal(size=rows)
    labels = (truth + rng.normal(size=rows) > 0.5).astype(float)
    return labels, truth + noise_a * rng.normal(size=rows), truth + noise_b * rng.normal(size=rows)


@pytest.mark.parametrize(
    ("test", "difference", "low", "high"),
    [("albumin", 0.0108, -0.1761, 0.1976), ("total protein", -0.0780, -0.2830, 0.1271)],
)
def test_the_published_example(test, difference, low, high):
    """What SAS prints for each test against the K-G score, of which a low one is a good one."""
    scores = PATIENTS[:, {"albumin": 0, "total protein": 1}[test]]
    measured = compare_paired_auc(PATIENTS[:, 3], scores, -PATIENTS[:, 2], 0.95)
    np.testing.assert_allclose(measured, (difference, low, high), atol=5e-5)


def test_the_difference_is_that_of_the_two_areas():
    labels, a, b = draw_pair(np.random.default_rng(2), 500, 0.2, 0.9)
    a, b = np.round(a, 1), np.round(b, 1)  # ties count one half
    difference, _, _ = compare_paired_auc(labels, a, b, 0.95)
    assert difference == pytest.approx(roc_auc_score(labels, a) - roc_auc_score(labels, b), abs=1e-12)
    assert difference == pytest.approx(measure_auc(labels, a).value - measure_auc(labels, b).value, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_the_interval_is_that_of_a_bootstrap(seed):
    rng = np.random.default_rng(seed)
    labels, a, b = draw_pair(rng, 800, 0.3, 0.6)
    difference, low, high = compare_paired_auc(labels, a, b, 0.95)
    again = []
    for _ in range(1500):
        rows = rng.integers(0, 800, 800)
        again.append(compare_paired_auc(labels[rows], a[rows], b[rows], 0.95)[0])
    spread = np.std(again)
    assert (high - low) / 2 / 1.959964 == pytest.approx(spread, rel=0.08)
    assert difference == pytest.approx(np.mean(again), abs=spread / 5)


@pytest.mark.slow
def test_the_interval_covers_no_difference_as_often_as_it_says():
    rng = np.random.default_rng(5)
    outside = 0
    for _ in range(1500):
        _, low, high = compare_paired_auc(*draw_pair(rng, 300, 0.5, 0.5), 0.95)
        outside += low > 0 or high < 0
    assert 0.03 < outside / 1500 < 0.07


def test_swapping_the_scores_turns_the_sign():
    labels, a, b = draw_pair(np.random.default_rng(3), 200, 0.1, 0.5)
    difference, low, high = compare_paired_auc(labels, a, b, 0.9)
    assert compare_paired_auc(labels, b, a, 0.9) == pytest.approx((-difference, -high, -low))


def test_equal_rankings_differ_by_nothing():
    labels, a, _ = draw_pair(np.random.default_rng(4), 200, 0.1, 0.5)
    assert compare_paired_auc(labels, a, np.exp(a), 0.98) == (0, 0, 0)
