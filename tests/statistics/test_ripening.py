"""Ripe days: found where decisions are still to come, and all of them where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.statistics.ripening import RipeDays, find_ripe_days

DAYS = 30


def draw(seed: int, wait: float, lost: float = 0.0, rows: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    """A month whose approvals (54 %) take so many days on average (exponential); some decisions never come."""
    random = np.random.default_rng(seed)
    day = random.integers(0, DAYS, rows)
    is_open = (random.random(rows) < 0.54) & (random.exponential(max(wait, 1e-9), rows) > DAYS - day)
    is_open |= random.random(rows) < lost
    return np.bincount(day[is_open], minlength=DAYS), np.bincount(day, minlength=DAYS)


@pytest.mark.parametrize("lost", [0.0, 0.05, 0.4])
def test_decisions_that_never_come_are_not_waited_for(lost):
    before = (round(10_000 * lost), 10_000)
    cut = [find_ripe_days(*draw(seed, 0, lost), before, 0.01).days < DAYS for seed in range(40)]
    assert sum(cut) <= 2


@pytest.mark.parametrize(("wait", "fewest", "most"), [(1, 22, 29), (3, 13, 24), (10, 0, 14), (60, 0, 0)])
def test_the_slower_decisions_are_the_fewer_days_are_ripe(wait, fewest, most):
    for seed in range(10):
        found = find_ripe_days(*draw(seed, wait), (0, 10_000), 0.01)
        assert fewest <= found.days <= most
        assert found.is_more
        assert found.wait is not None
        assert found.wait >= wait


def test_a_shift_of_what_never_comes_is_told_and_hinders_nothing():
    found = find_ripe_days(*draw(1, 0, lost=0.08), (500, 10_000), 0.01)
    assert (found.days, found.is_more) == (DAYS, True)


def test_many_lost_on_all_days_alike_may_still_come():
    assert find_ripe_days(*draw(1, 0, lost=0.3), (0, 10_000), 0.01) == RipeDays(0, 0.0, None, True)


def test_a_reference_is_judged_by_its_first_half():
    undecided, rows = draw(2, 2)
    old = np.full(150, 100)
    found = find_ripe_days(np.concatenate([np.zeros(150, int), undecided]), np.concatenate([old, rows]), None, 0.01)
    assert 150 < found.days < 180


def test_days_without_rows_change_nothing():
    undecided, rows = draw(3, 3)
    undecided[5], rows[5] = 0, 0
    assert 10 < find_ripe_days(undecided, rows, (0, 10_000), 0.01).days < DAYS
