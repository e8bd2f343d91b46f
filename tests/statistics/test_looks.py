"""How many independent tests a year of overlapping windows is worth."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from tasks.statistics.looks import YEAR, count_looks, find_level


@pytest.mark.parametrize(("length", "step"), [(30, 1), (14, 1), (7, 1), (30, 7)])
def test_the_number_is_that_of_a_simulation(length, step):
    level, years = 1e-3, 4_000
    sums = np.random.default_rng(1).standard_normal((years, YEAR + length)).cumsum(axis=1)
    means = ((sums[:, length:] - sums[:, :-length]) / np.sqrt(length))[:, ::step]
    quiet = np.mean(np.abs(means).max(axis=1) < scipy.stats.norm.isf(level / 2))
    # Of so many independent tests none would exceed the level as often.
    assert count_looks(length, step, level) == pytest.approx(-np.log(quiet) / level, rel=0.2)


def test_windows_that_do_not_overlap_are_independent():
    assert count_looks(7, 7, 1e-4) == YEAR / 7
    assert count_looks(1, 1, 1e-4) == YEAR


def test_overlap_makes_fewer_tests_but_never_as_few_as_whole_windows():
    assert YEAR / 30 < count_looks(30, 1, 1e-4) < count_looks(7, 1, 1e-4) < YEAR


@pytest.mark.parametrize("length", [1, 7, 30])
def test_the_level_spends_the_budget(length):
    level = find_level(0.02, length, 1, tests=30)
    assert level * count_looks(length, 1, level / 30) == pytest.approx(0.02, rel=1e-3)
