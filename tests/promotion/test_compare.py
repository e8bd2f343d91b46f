"""The comparison on the test days, and the promotion rule."""

import numpy as np
import pytest

from tasks.core.policy import PromotionPolicy
from tasks.evaluation.performance import Performance, measure_performance
from tasks.promotion.compare import Comparison, decide_promotion, measure_difference

POLICY = PromotionPolicy()


def perform(auc, rows=1000):
    return Performance(rows, auc, 0.9, 0.9, 0.9, 0.9, 0.1)


def compare(interval, auc=0.85, training=0.90, rows=1000):
    difference = None if interval is None else sum(interval) / 2
    return Comparison(perform(auc, rows), perform(0.84, rows), perform(training), difference, interval, 0)


@pytest.mark.parametrize(
    ("comparison", "drifted", "promoted"),
    [
        (compare((0.001, 0.03)), False, True),  # proven better
        (compare((-0.001, 0.03)), False, False),  # a hair better is no proof
        (compare((0.0, 0.03)), False, False),  # zero is inside the interval
        (compare((-0.009, 0.03)), True, True),  # not worse, and the champion has drifted
        (compare((-0.011, 0.03)), True, False),  # it may be worse by more than the margin
        (compare((-0.009, 0.03)), False, False),  # not worse is not enough without drift
        (compare((0.01, 0.03), auc=0.69), True, False),  # below the floor
        (compare((0.01, 0.03), auc=0.80, training=0.91), True, False),  # it has learnt its rows by heart
        (compare((0.01, 0.03), rows=199), True, False),  # too few to judge
        (compare(None, auc=None), True, False),  # one decision only
    ],
)
def test_promotion_rule(comparison, drifted, promoted):
    decision = decide_promotion(comparison, drifted, 200, POLICY)
    assert decision.promote is promoted
    assert decision.reason.startswith("Promoted: " if promoted else "Kept: ")


def test_performance_of_a_known_table():
    labels = np.array([1, 1, 1, 0, 0])
    measured = measure_performance(labels, np.array([0.9, 0.8, 0.2, 0.6, 0.1]), 0.5)
    assert measured.accuracy == pytest.approx(3 / 5)
    assert measured.precision == pytest.approx(2 / 3)
    assert measured.recall == pytest.approx(2 / 3)
    assert measured.f1 == pytest.approx(2 / 3)
    assert measured.auc == pytest.approx(5 / 6)
    assert measured.brier == pytest.approx((0.01 + 0.04 + 0.64 + 0.36 + 0.01) / 5)


def test_performance_on_one_decision_has_no_auc():
    assert measure_performance(np.ones(3), np.array([0.9, 0.8, 0.2]), 0.5).auc is None
    assert measure_difference(np.ones(3), np.ones(3), np.ones(3), 0.98) is None


def test_a_better_ranking_is_proven_better_and_the_same_one_is_not():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=3000)
    labels = (truth + rng.normal(size=3000) > 0).astype(float)
    good, poor = truth + 0.3 * rng.normal(size=3000), truth + 1.0 * rng.normal(size=3000)
    difference, (low, high) = measure_difference(labels, good, poor, 0.98)
    assert 0 < low < difference < high
    same, interval = measure_difference(labels, good, good, 0.98)
    assert same == 0
    assert interval == (0, 0)
