"""Shares, values never seen and the correction for many questions: against scipy, published values and brute force."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy import stats

from tasks.statistics.proportions import (
    chance_beyond_range,
    chance_of_new_levels,
    chance_of_one_at_most,
    compare_shares,
    correct_by_holm,
)


def test_two_shares_are_tested_as_scipy_does():
    change = compare_shares((300, 1000), (180, 500))
    table = [[300, 700], [180, 320]]
    assert change.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert change.change == pytest.approx(0.06)
    assert change.standard_error == pytest.approx(np.sqrt(0.3 * 0.7 / 1000 + 0.36 * 0.64 / 500))


def test_few_rows_are_tested_exactly():
    """Fisher's lady tasting tea, 1935: three of four cups right, two-sided 34 / 70."""
    assert compare_shares((3, 4), (1, 4)).p_value == pytest.approx(34 / 70)


@pytest.mark.parametrize("counts", [(0, 300), (300, 300), (120, 300)])
def test_equal_shares_are_no_change(counts):
    change = compare_shares(counts, counts)
    assert change.change == 0
    assert change.p_value == pytest.approx(1)


def test_disjoint_shares_are_a_change_of_one():
    change = compare_shares((0, 300), (300, 300))
    assert change.change == 1
    assert change.p_value < 1e-9


def test_the_chance_beyond_the_range_counts_every_order():
    """All orders of 4 reference rows and 3 current ones."""
    n, m = 4, 3
    outside = [places[0] + n + m - 1 - places[-1] for places in combinations(range(n + m), n)]
    for beyond in range(1, m + 1):
        expected = np.mean(np.array(outside) >= beyond)
        assert chance_beyond_range(beyond, n, m) == pytest.approx(expected)
    assert chance_beyond_range(0, n, m) == 1


def test_one_new_level_has_the_chance_that_all_its_rows_fall_into_the_window():
    for rows in (1, 2, 5):
        reference, current = np.array([30, 0]), np.array([20 - rows, rows])
        exact = comb(20, rows) / comb(50, rows)
        assert chance_of_new_levels(reference, current) == pytest.approx(exact, rel=0.02)


def test_one_row_of_the_reference_at_most_is_a_hypergeometric_tail():
    for n, m in ((3, 3), (30, 20), (20, 300), (1_000_000, 20_000)):
        first = np.arange(1, min(n + m, 60) + 1)
        expected = stats.hypergeom.cdf(1, n + m, n, first)
        np.testing.assert_allclose(chance_of_one_at_most(first, n, m), expected, rtol=1e-6, atol=1e-300)


def test_a_column_of_unique_values_raises_no_alarm():
    reference = np.concatenate([np.ones(1000, int), np.zeros(1000, int)])
    assert chance_of_new_levels(reference, 1 - reference) > 0.3


def test_new_levels_agree_with_random_partitions():
    random = np.random.default_rng(4)
    rows = np.repeat(np.arange(60), random.integers(1, 9, 60))
    half = len(rows) // 2

    def count_new(order):
        reference, current = (np.bincount(rows[part], minlength=60) for part in (order[:half], order[half:]))
        return reference, current, int(current[reference == 0].sum())

    partitions = [count_new(random.permutation(len(rows))) for _ in range(4_000)]
    new = np.array([count for *_, count in partitions])
    for wanted in (8, 12, 15):
        reference, current, _ = next(found for found in partitions if found[2] == wanted)
        assert chance_of_new_levels(reference, current) == pytest.approx(np.mean(new >= wanted), abs=0.04)


def test_no_new_level_is_certain():
    assert chance_of_new_levels(np.array([5, 5]), np.array([3, 0])) == 1


def test_holm_on_a_worked_example():
    """The example of the Holm–Bonferroni article in Wikipedia: at 0.05 the first and the fourth are rejected."""
    adjusted = correct_by_holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert correct_by_holm(np.array([])).size == 0
    # Weighted: half of the level for the first. 0.02 / 3 and 0.01 / 1 are in this order; then 0.01 x 3, 0.04 x 2, 0.5.
    weighted = correct_by_holm(np.array([0.02, 0.01, 0.04, 0.5]), np.array([3.0, 1.0, 1.0, 1.0]))
    assert weighted == pytest.approx([0.04, 0.04, 0.08, 0.5])
    assert correct_by_holm(np.array([0.9, 0.8])) == pytest.approx([1, 1])


def test_a_frequent_word_whose_chance_is_next_to_nothing_ends_no_run():
    """All rows of a word of 580 fall into the window with a chance that SciPy's binomial law does not take."""
    chance = chance_of_new_levels(np.array([387, 5_504, 0]), np.array([193, 2_551, 9]))
    assert 0 < chance < 0.01
