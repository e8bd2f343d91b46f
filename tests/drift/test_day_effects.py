"""Days that differ: a window of two days is two draws of whatever a day brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.daily_lender import NO_EFFECTS, Effects, Lender, draw_days, open_lender
from tasks.core.findings import Finding, Question
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.membership import find_membership
from tasks.drift.model import measure_model_drift
from tests.support.windows_to_compare import find

DAYS, PER_DAY = 84, 60
STRONG = Effects(approval=0.5, income=0.15, mix=0.2)  # a reference this small shows no less for sure
JULY = np.datetime64("2023-07-03")


def make_lender(effects: Effects, seed: int = 1) -> Lender:
    random = np.random.default_rng(seed)
    return open_lender(draw_days(DAYS, PER_DAY, effects, random), random)


@pytest.fixture(scope="module")
def differing() -> Lender:
    return make_lender(STRONG)


@pytest.fixture(scope="module")
def alike() -> Lender:
    return make_lender(NO_EFFECTS)


def observe(lender: Lender, days: int, effects: Effects, seed: int = 5) -> ScoredWindow:
    random = np.random.default_rng(seed)
    return lender.observe(draw_days(days, PER_DAY * 4, effects, random, JULY), random)


def measure(lender: Lender, window: ScoredWindow) -> list[Finding]:
    comparison = Comparison(lender.profile, window, DriftPolicy())
    return [*measure_drift(comparison), *measure_model_drift(comparison)]


def test_the_reference_knows_what_moves_from_day_to_day(differing, alike):
    names = [bins.name for bins in differing.profile.columns]
    effects = differing.profile.day_effects
    assert effects.columns[names.index("annual_income")].values.day == pytest.approx(0.04, rel=0.5)
    assert effects.label.day > 0.01
    assert effects.residual.day > 0.01
    assert alike.profile.day_effects.label.day == 0


def test_errors_grow_where_days_differ(differing):
    window = observe(differing, 2, STRONG)
    with_days, without = measure(differing, window), measure(differing, replace(window, days=None))
    for check, subject in (
        ("approval_rate", ""), ("score_curve", ""), ("distribution", "annual_income"), ("calibration", "")
    ):  # fmt: skip
        wide, narrow = find(with_days, check, subject), find(without, check, subject)
        assert wide.standard_error > 1.2 * narrow.standard_error, check
        assert wide.p_value >= narrow.p_value
        assert wide.effect == pytest.approx(narrow.effect, rel=0.3)


def test_a_column_that_days_do_not_move_is_judged_as_before(differing):
    window = observe(differing, 2, STRONG)
    with_days, without = measure(differing, window), measure(differing, replace(window, days=None))
    wide, narrow = (find(found, "distribution", "no_of_cars") for found in (with_days, without))
    assert wide.standard_error == narrow.standard_error


def test_nothing_changes_where_days_do_not_differ(alike):
    window = observe(alike, 2, NO_EFFECTS)
    with_days, without = measure(alike, window), measure(alike, replace(window, days=None))
    for check in ("approval_rate", "score_curve", "auc"):
        assert find(with_days, check).p_value == pytest.approx(find(without, check).p_value)


def find_all(profile, window):
    """The membership of all rows."""
    rows = (np.arange(len(profile.codes)), np.arange(len(window.labels)))
    return find_membership(Comparison(profile, window, DriftPolicy()), *rows)


def test_days_that_differ_part_the_rows_of_the_classifier(differing, alike):
    window = observe(differing, 2, STRONG)
    membership = find_all(differing.profile, window)
    now = membership.halves[-len(window.labels) :]
    assert len({(day, half) for day, half in zip(window.days.tolist(), now.tolist(), strict=True)}) == 2
    if not alike.profile.day_effects.has_columns:
        assert find_all(alike.profile, window).halves is None


@pytest.mark.slow
def test_two_days_of_a_lender_whose_days_differ_raise_no_alarm(differing):
    alarms, without = 0, 0
    for seed in range(40):
        window = observe(differing, 2, STRONG, seed)
        alarms += any(finding.verdict == "fail" for finding in measure(differing, window))
        without += any(finding.verdict == "fail" for finding in measure(differing, replace(window, days=None)))
    assert alarms <= 4 < without


@pytest.mark.slow
def test_a_weekend_is_compared_with_what_weekends_are():
    effects = Effects(weekend=1.0)
    lender = make_lender(effects)
    random = np.random.default_rng(3)
    weekend = draw_days(2, 400, effects, random, np.datetime64("2023-07-08"))
    window = lender.observe(weekend, random)
    failed = {finding.question for finding in measure(lender, window) if finding.verdict == "fail"}
    assert {Question.DATA, Question.LABEL} & failed == set()
    alone = measure(lender, replace(window, days=None))
    assert Question.DATA in {finding.question for finding in alone if finding.verdict == "fail"}
