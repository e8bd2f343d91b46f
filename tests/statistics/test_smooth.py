"""A smooth rule: fitted curves follow smooth chances, and a step is told from a steep rise."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from tasks.statistics.smooth import chance_of_largest, fit_smooth_rule, measure_departures


def draw(chances: np.ndarray, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(chances)) < chances).astype(float)


def test_the_curve_follows_a_smooth_chance():
    numbers = np.random.default_rng(1).normal(size=50_000)
    chances = scipy.special.expit(1.5 * numbers - 0.5)
    rule = fit_smooth_rule(numbers, draw(chances, 2))
    assert rule.fitted_share == 0.4
    assert np.abs(rule.chances - chances).max() < 0.05


@pytest.mark.parametrize("transform", [lambda x: x, np.exp, lambda x: np.exp(3 * x)])
def test_only_the_order_of_the_numbers_counts(transform):
    numbers = np.random.default_rng(1).normal(size=2_000)
    labels = draw(scipy.special.expit(numbers), 2)
    np.testing.assert_allclose(
        fit_smooth_rule(transform(numbers), labels).chances, fit_smooth_rule(numbers, labels).chances
    )


def test_departures_are_standard_normal_where_the_rule_is_smooth():
    """The first 300 of 3,000 rows, in 200 samples: 1 % beyond the 1 % point, within what chance allows."""
    found = []
    for seed in range(200):
        numbers = np.random.default_rng(seed).normal(size=3_000)
        labels = draw(scipy.special.expit(numbers), seed + 1_000)
        order = np.argsort(-numbers)
        found.append(measure_departures(fit_smooth_rule(numbers, labels), order, labels, 1.0)[299])
    assert np.mean(np.array(found) > scipy.stats.norm.isf(0.01)) <= 0.035
    assert abs(np.std(found) - 1) < 0.15


def test_a_step_departs_and_a_steep_rise_does_not():
    numbers = np.random.default_rng(4).normal(size=3_000)
    order = np.argsort(-numbers)
    step = np.where(np.arange(3_000)[np.argsort(order)] < 150, 1.0, 0.5)
    for chances, departs in ((step, True), (scipy.special.expit(4 * numbers), False)):
        labels = draw(chances, 5)
        departure = measure_departures(fit_smooth_rule(numbers, labels), order, labels, 1.0)[149]
        assert (departure > 4) == departs


def test_the_largest_of_all_limits_is_less_surprising_than_one():
    assert chance_of_largest(4.0, 0.01) > scipy.stats.norm.sf(4.0)
    assert chance_of_largest(4.0, 0.01) > chance_of_largest(4.0, 0.1) > chance_of_largest(5.0, 0.1)
    assert chance_of_largest(0.5, 0.01) == 1.0
