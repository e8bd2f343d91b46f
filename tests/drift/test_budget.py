"""The levels that follow from a year's budget."""

from __future__ import annotations

import pytest

from tasks.core.cadence import Cadence
from tasks.core.policy import DriftPolicy
from tasks.drift.budget import LEVELS, TESTS, fit_levels, fit_recent_levels, plan_recent
from tasks.statistics.looks import count_looks

USUAL = DriftPolicy()


def total(policy: DriftPolicy) -> float:
    return sum(getattr(policy, name) for name in LEVELS)


def test_a_monthly_run_and_a_run_by_hand_have_the_levels_of_the_policy():
    assert fit_levels(USUAL, 31) == USUAL
    assert fit_levels(DriftPolicy(cadence=Cadence.MONTHLY), 31).label_level == USUAL.label_level
    assert total(USUAL) == pytest.approx(0.03)


@pytest.mark.parametrize(("cadence", "days"), [(Cadence.DAILY, 30), (Cadence.WEEKLY, 30), (Cadence.WEEKLY, 7)])
def test_a_year_of_runs_spends_the_budget_and_no_more(cadence, days):
    policy = DriftPolicy(cadence=cadence)
    fitted = {days: fit_levels(policy, days)}
    fitted |= {length: fit_recent_levels(policy, length, days) for length in plan_recent(cadence, days)}
    spent = sum(
        total(one) * count_looks(length, cadence.days, total(one) / TESTS) for length, one in fitted.items()
    )  # fmt: skip
    assert spent == pytest.approx(0.05, rel=1e-3)


def test_twice_the_budget_is_twice_the_level_at_least():
    for cadence, days in ((None, 31), (Cadence.DAILY, 30)):
        once, twice = (fit_levels(DriftPolicy(cadence=cadence, false_alarms_a_year=many), days) for many in (0.05, 0.1))
        assert total(twice) >= 1.99 * total(once)


def test_questions_keep_their_shares_of_the_level():
    fitted = fit_levels(DriftPolicy(cadence=Cadence.DAILY), 30)
    assert fitted.columns_level / fitted.joint_level == pytest.approx(4)
    assert fitted.distribution_limit == USUAL.distribution_limit


def test_of_a_day_or_two_only_a_break_counts():
    policy = DriftPolicy(cadence=Cadence.DAILY)
    assert fit_recent_levels(policy, 2, 30).distribution_limit == policy.break_limit
    assert fit_recent_levels(policy, 7, 30).distribution_limit == policy.distribution_limit
    strict = DriftPolicy(cadence=Cadence.DAILY, label_limit=0.4)
    assert fit_recent_levels(strict, 1, 30).label_limit == 0.4
