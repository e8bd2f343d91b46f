"""The last days of a window, judged alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tasks.core.cadence import Cadence
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.core.self_check import OwnLimit
from tasks.drift.budget import fit_levels
from tasks.drift.comparison import Comparison
from tasks.drift.data import measure_data_drift
from tasks.drift.recent import add_recent, measure_recent_drift
from tests.support.windows_to_compare import list_failed, make_profile, observe

PER_DAY = 60
PROFILE = make_profile(6_000)
DAYS = np.datetime64("2024-08-01") + np.repeat(np.arange(30), PER_DAY)
DAILY = DriftPolicy(cadence=Cadence.DAILY)


def watch(last: int, column: str = "income", factor: float = 12.0, policy: DriftPolicy = DAILY) -> list[Finding]:
    """What is said of the last days of a month whose last so many days are changed."""
    is_changed = np.arange(len(DAYS)) >= (30 - last) * PER_DAY
    window = observe(len(DAYS), **{column: lambda frame: frame[column].mask(is_changed, frame[column] * factor)})
    return measure_recent_drift(Comparison(PROFILE, replace(window, days=DAYS), policy))


def test_a_broken_unit_is_told_on_its_first_day():
    income = next(one for one in watch(1) if (one.check, one.subject) == ("distribution", "income"))
    assert income.verdict is Verdict.FAIL
    assert income.sentence.startswith("In the last day: income:")
    assert ("data", "distribution", "debt") not in {(one.question, one.check, one.subject) for one in watch(1)}


def test_a_quiet_month_has_quiet_days():
    assert watch(0) == []


def test_a_moderate_change_is_told_by_the_week():
    found = watch(7, factor=1.3)
    assert (Question.DATA, "distribution", "income") in list_failed(found)
    sentences = [one.sentence for one in found if one.subject == "income"]
    assert all(sentence.startswith(("In the last 7 days:", "In the last 14 days:")) for sentence in sentences)


def test_a_monthly_run_judges_its_month_only():
    assert watch(1, policy=DriftPolicy()) == []
    window = replace(observe(len(DAYS)), days=None)
    assert measure_recent_drift(Comparison(PROFILE, window, DAILY)) == []


def test_too_few_applications_of_a_day_are_not_asked():
    keep = np.arange(len(DAYS)) < 29 * PER_DAY + 20  # 20 applications yesterday
    window = observe(len(DAYS), income=lambda frame: frame["income"].where(np.arange(len(DAYS)) < 29 * PER_DAY, 9e9))
    few = ScoredWindow(
        window.applications.loc[keep], window.labels[keep], window.scores[keep], days=DAYS[keep]
    )  # fmt: skip
    found = measure_recent_drift(Comparison(PROFILE, few, DAILY))
    assert not any(one.sentence.startswith("In the last day:") for one in found)


def test_the_champions_own_limits_count_here_too():
    own = OwnLimit(
        question="data", check="distribution", column="income", alarms=9, splits=50, rows=1_000, limit=0.99,
        unit="share of applicants",
    )  # fmt: skip
    is_changed = np.arange(len(DAYS)) >= 23 * PER_DAY
    window = observe(len(DAYS), income=lambda frame: frame["income"].mask(is_changed, frame["income"] * 1.3))
    comparison = Comparison(PROFILE, replace(window, days=DAYS), DAILY, own_limits=(own,))
    assert (Question.DATA, "distribution", "income") not in list_failed(measure_recent_drift(comparison))


@pytest.mark.parametrize("last", [1, 2])
def test_one_finding_for_each_check_and_subject(last):
    is_changed = np.arange(len(DAYS)) >= (30 - last) * PER_DAY
    window = observe(len(DAYS), income=lambda frame: frame["income"].mask(is_changed, frame["income"] * 12))
    comparison = Comparison(PROFILE, replace(window, days=DAYS), DAILY)
    whole = measure_data_drift(replace(comparison, policy=fit_levels(DAILY, 30)))
    merged = add_recent(whole, measure_recent_drift(comparison))
    keys = [(one.question, one.check, one.subject) for one in merged]
    assert len(keys) == len(set(keys))
    income = next(one for one in merged if (one.check, one.subject) == ("distribution", "income"))
    assert (income.verdict, income.sentence[:12]) == (Verdict.FAIL, "In the last ")
    assert [one for one in merged if one.subject == "debt"] == [one for one in whole if one.subject == "debt"]


def test_an_alarm_of_the_whole_window_stays():
    alarm = Finding(Question.LABEL, "approval_rate", Verdict.FAIL, "The month.")
    recent = Finding(Question.LABEL, "approval_rate", Verdict.FAIL, "In the last day: less.")
    assert add_recent([alarm], [recent]) == [alarm]
    assert add_recent([replace(alarm, verdict=Verdict.PASS)], [recent]) == [recent]
    assert add_recent([], [recent]) == [recent]
