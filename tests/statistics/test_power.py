"""The smallest change that would have been seen is seen in about 80 of 100 simulated windows."""

import numpy as np
import pytest
from scipy import stats

from tasks.statistics.power import Bar, smallest_change, smallest_share_beyond, smallest_spread
from tasks.statistics.proportions import chance_beyond_range

REPEATS = 3_000


@pytest.mark.parametrize("error", [0.005, 0.02])
def test_a_change_of_this_size_is_seen_in_80_of_100(error):
    """Where the limit binds (a small error) and where the test does (a large one)."""
    bar = Bar(0.01, 0.03)
    true = smallest_change(error, bar)
    seen = np.random.default_rng(0).normal(true, error, REPEATS)
    alarms = (2 * stats.norm.sf(np.abs(seen) / error) <= bar.level) & (seen - error >= bar.limit)
    assert alarms.mean() == pytest.approx(0.80, abs=0.03)


def test_a_share_beyond_the_range_is_seen_in_80_of_100():
    bar, n, m = Bar(0.008, 0.01), 1_000, 1_000
    true = smallest_share_beyond(n, m, bar)
    beyond = np.random.default_rng(0).binomial(m, true, REPEATS)
    share = beyond / m
    is_material = share - np.sqrt(share * (1 - share) / m) >= bar.limit
    is_sure = np.array([chance_beyond_range(int(count), n, m) <= bar.level for count in beyond])
    assert (is_sure & is_material).mean() == pytest.approx(0.80, abs=0.06)


def test_with_too_few_rows_no_share_is_small_enough():
    assert smallest_share_beyond(3, 3, Bar(0.001, 0.01)) == 1


def test_a_spread_of_this_size_is_seen_in_80_of_100():
    bar, variances = Bar(0.001, 0.05), np.full(6, 0.03**2)
    true = smallest_spread(variances, 6, bar)
    random = np.random.default_rng(0)
    direction = random.normal(size=(REPEATS, 6))
    change = true * np.sqrt(6) * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    seen = change + random.normal(0, 0.03, (REPEATS, 6))
    is_sure = stats.chi2.sf((seen**2 / variances).sum(1), 6) <= bar.level
    is_material = np.sqrt(np.maximum((seen**2 - variances).mean(1), 0)) >= bar.limit
    assert (is_sure & is_material).mean() == pytest.approx(0.80, abs=0.05)


@pytest.mark.parametrize("freedom", [1, 2, 6, 20])
@pytest.mark.parametrize("level", [0.05, 0.001, 1e-6, 1e-12])
def test_a_spread_of_this_size_moves_the_chi_square_enough(freedom, level):
    """Without a limit only the test counts: the non-central chi-square exceeds its critical value in 80 of 100."""
    variances = np.full(5, 0.01)
    noncentrality = smallest_spread(variances, freedom, Bar(level, -1.0)) ** 2 * np.sum(1 / variances)
    assert stats.ncx2.sf(stats.chi2.isf(level, freedom), freedom, noncentrality) == pytest.approx(0.80, rel=1e-9)


def test_more_rows_see_smaller_changes_but_never_one_below_the_limit():
    bar = Bar(0.01, 0.03)
    smallest = [smallest_change(error, bar) for error in (0.04, 0.02, 0.01, 0.001)]
    assert smallest == sorted(smallest, reverse=True)
    assert smallest[-1] > bar.limit
