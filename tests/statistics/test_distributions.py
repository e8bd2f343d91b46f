"""Distributions compared by their counts: against scipy, published values and brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tasks.statistics.distributions import (
    bound_standard_error,
    chance_of_weighted_chi_square,
    compare_levels,
    compare_ordered,
)

COUNTS = st.lists(st.integers(0, 400), min_size=2, max_size=12).map(np.array)


@pytest.mark.parametrize("compare", [compare_ordered, compare_levels])
def test_equal_windows_differ_by_nothing(compare):
    counts = np.array([40, 0, 300, 17])
    compared = compare(counts, 3 * counts)
    assert compared.effect == 0
    assert compared.p_value > 0.99


@pytest.mark.parametrize("compare", [compare_ordered, compare_levels])
def test_disjoint_windows_differ_by_all(compare):
    compared = compare(np.array([500, 0]), np.array([0, 300]))
    assert compared.effect == 1
    assert compared.p_value < 1e-9


@pytest.mark.parametrize("compare", [compare_ordered, compare_levels])
def test_one_level_cannot_differ(compare):
    compared = compare(np.array([500]), np.array([300]))
    assert (compared.effect, compared.p_value) == (0, 1)


def test_the_effect_on_fine_bins_is_scipys_ks_distance_and_its_line():
    random = np.random.default_rng(3)
    a, b = random.integers(0, 30, 500), random.integers(3, 33, 400)
    reference, current = (np.bincount(values, minlength=33) for values in (a, b))
    compared = compare_ordered(reference, current)
    scipys = stats.ks_2samp(a, b)
    assert compared.effect == pytest.approx(scipys.statistic)
    assert compared.place == scipys.statistic_location  # the line behind this value


def test_the_weighted_chi_square_is_exact_where_the_lines_are_independent_or_one():
    for x in (0.5, 3.0, 12.0):
        assert chance_of_weighted_chi_square(x, np.eye(4)) == pytest.approx(stats.chi2.sf(x, 4))
        assert chance_of_weighted_chi_square(4 * x, np.ones((4, 4))) == pytest.approx(stats.chi2.sf(x, 1))


def test_the_upper_tail_of_the_weighted_chi_square_is_near_the_truth():
    """Imhof 1961, table 1: Q = 0.6 X + 0.3 Y + 0.1 Z exceeds 2 with the chance 0.1240; further out, a million draws."""
    weights = np.array([0.6, 0.3, 0.1])
    assert chance_of_weighted_chi_square(2.0, np.diag(weights)) == pytest.approx(0.1240, abs=0.005)
    drawn = np.random.default_rng(0).chisquare(1, (1_000_000, 3)) @ weights
    for x in (4.0, 6.0):
        assert chance_of_weighted_chi_square(x, np.diag(weights)) == pytest.approx(np.mean(drawn >= x), rel=0.1)


def test_the_anderson_darling_statistic_agrees_with_a_permutation_test():
    """Tied values included: the chance of the binned test against 4,000 random partitions of the same rows."""
    random = np.random.default_rng(8)
    values = np.concatenate([random.poisson(3, 150), random.poisson(3.45, 150)])

    def compare(order):
        return compare_ordered(*(np.bincount(values[part], minlength=12) for part in (order[:150], order[150:])))

    observed = compare(np.arange(300)).p_value
    by_chance = [compare(random.permutation(300)).p_value for _ in range(4_000)]
    assert np.mean(np.array(by_chance) <= observed) == pytest.approx(observed, abs=0.015)


def test_false_alarms_come_as_often_as_said():
    random = np.random.default_rng(1)
    share = random.dirichlet(np.ones(20))
    for compare in (compare_ordered, compare_levels):
        chances = [compare(random.multinomial(800, share), random.multinomial(500, share)).p_value for _ in range(3000)]
        for level in (0.05, 0.01):
            assert np.mean(np.array(chances) <= level) < 1.6 * level


def test_levels_are_tested_as_scipy_does():
    reference, current = np.array([100, 200, 50, 30]), np.array([80, 260, 40, 60])
    compared = compare_levels(reference, current)
    assert compared.p_value == pytest.approx(stats.chi2_contingency([reference, current], correction=False).pvalue)
    shares = [window / window.sum() for window in (reference, current)]
    assert compared.effect == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2)
    assert compared.place == np.argmax(np.abs(shares[0] - shares[1]))


def test_rare_levels_count_as_one():
    """One hundred categories that occur once each must not look like a change of one hundred levels."""
    reference = np.concatenate([[900], np.ones(50, int), np.zeros(50, int)])
    current = np.concatenate([[900], np.zeros(50, int), np.ones(50, int)])
    compared = compare_levels(reference, current)
    assert compared.effect == 0
    assert compared.p_value == 1


@settings(max_examples=100, deadline=None)
@given(COUNTS, COUNTS)
def test_any_counts_give_a_share_and_a_chance(first, second):
    size = min(len(first), len(second))
    reference, current = first[:size], second[:size]
    if not reference.sum() or not current.sum():
        return
    for compare in (compare_ordered, compare_levels):
        compared, back = compare(reference, current), compare(current, reference)
        assert 0 <= compared.effect <= 1
        assert 0 <= compared.p_value <= 1
        assert compared.effect == pytest.approx(back.effect)
        assert compared.p_value == pytest.approx(back.p_value)


def test_the_largest_standard_error_is_that_of_one_half():
    assert bound_standard_error(400, 100) == pytest.approx(np.sqrt(0.25 / 400 + 0.25 / 100))
