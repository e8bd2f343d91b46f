"""The paired comparison of two areas: a published example, a bootstrap, and its error rates."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tasks.statistics.auc import compare_paired_auc, measure_auc

# The ovarian cancer patients of DeLong, DeLong & Clarke-Pearson 1988, as the SAS/STAT user's guide prints them (PROC
# LOGISTIC, "Comparing Receiver Operating Characteristic Curves"): albumin, total protein, K-G score, label.
RECORDS = """
    3.0 5.8 10 0 3.2 6.3 5 1 3.9 6.8 3 1 2.8 4.8 6 0 3.2 5.8 3 1 0.9 4.0 5 0 2.5 5.7 8 0 1.6 5.6 5 1 3.8 5.7 5 1
    3.7 6.7 6 1 3.2 5.4 4 1 3.8 6.6 6 1 4.1 6.6 5 1 3.6 5.7 5 1 4.3 7.0 4 1 3.6 6.7 4 0 2.3 4.4 6 1 4.2 7.6 4 0
    4.0 6.6 6 0 3.5 5.8 6 1 3.8 6.8 7 1 3.0 4.7 8 0 4.5 7.4 5 1 3.7 7.4 5 1 3.1 6.6 6 1 4.1 8.2 6 1 4.3 7.0 5 1
    4.3 6.5 4 1 3.2 5.1 5 1 2.6 4.7 6 1 3.3 6.8 6 0 1.7 4.0 7 0 3.7 6.1 5 1 3.3 6.3 7 1 4.2 7.7 6 1 3.5 6.2 5 1
    2.9 5.7 9 0 2.1 4.8 7 1 2.8 6.2 8 0 4.0 7.0 7 1 3.3 5.7 6 1 3.7 6.9 5 1 3.6 6.6 5 1"""
PATIENTS = np.array([float(value) for value in RECORDS.split()]).reshape(-1, 4)


def draw(rng, rows, noise_a, noise_b):
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
    labels, a, b = draw(np.random.default_rng(2), 500, 0.2, 0.9)
    a, b = np.round(a, 1), np.round(b, 1)  # ties count one half
    difference, _, _ = compare_paired_auc(labels, a, b, 0.95)
    assert difference == pytest.approx(roc_auc_score(labels, a) - roc_auc_score(labels, b), abs=1e-12)
    assert difference == pytest.approx(measure_auc(labels, a).value - measure_auc(labels, b).value, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_is_that_of_a_bootstrap(seed):
    rng = np.random.default_rng(seed)
    labels, a, b = draw(rng, 800, 0.3, 0.6)
    difference, low, high = compare_paired_auc(labels, a, b, 0.95)
    again = []
    for _ in range(1500):
        rows = rng.integers(0, 800, 800)
        again.append(compare_paired_auc(labels[rows], a[rows], b[rows], 0.95)[0])
    spread = np.std(again)
    assert (high - low) / 2 / 1.959964 == pytest.approx(spread, rel=0.08)
    assert difference == pytest.approx(np.mean(again), abs=spread / 5)


def test_the_interval_covers_no_difference_as_often_as_it_says():
    rng = np.random.default_rng(5)
    outside = 0
    for _ in range(1500):
        _, low, high = compare_paired_auc(*draw(rng, 300, 0.5, 0.5), 0.95)
        outside += low > 0 or high < 0
    assert 0.03 < outside / 1500 < 0.07


def test_swapping_the_scores_turns_the_sign():
    labels, a, b = draw(np.random.default_rng(3), 200, 0.1, 0.5)
    difference, low, high = compare_paired_auc(labels, a, b, 0.9)
    assert compare_paired_auc(labels, b, a, 0.9) == pytest.approx((-difference, -high, -low))


def test_equal_rankings_differ_by_nothing():
    labels, a, _ = draw(np.random.default_rng(4), 200, 0.1, 0.5)
    assert compare_paired_auc(labels, a, np.exp(a), 0.98) == (0, 0, 0)
