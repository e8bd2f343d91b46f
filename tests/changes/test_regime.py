"""Regime: what a challenger is fitted on after a change, and when a run tries again without an alarm."""

from datetime import date

import pytest

from tasks.changes.past_runs import PastRun
from tasks.changes.regime import find_regime, list_usable_days
from tasks.core.findings import Answer, Finding, Outcome, Question, Verdict
from tasks.core.policy import MonitorPolicy, PromotionPolicy
from tasks.core.windows import Window, month_of
from tasks.registry.versions import ModelVersion

TRAINED = Window(date(2024, 1, 1), date(2024, 6, 30))
PLAIN = ModelVersion(1, "first", "gradient_boosting", "", "", (TRAINED,), {"fitted_rows": 1}, "champion")


def of_rule(verdict: Verdict, *, is_accepted: bool = False) -> Finding:
    answer = Answer("a", "2024-08-01", "2024-08-01", "2024-08-31", "the champion was kept", is_accepted)
    answer = answer if verdict is Verdict.KNOWN else None
    return Finding(Question.CONCEPT, "score_curve", verdict, "", effect=0.1, answer=answer)


def of_income(verdict: Verdict) -> Finding:
    return Finding(Question.DATA, "distribution", verdict, "", "income", effect=0.1)


def run(month: str, *findings: Finding, outcome: Outcome = Outcome.KEPT) -> PastRun:
    return PastRun(month, month_of(month), outcome, findings)


def find(month: str, findings: list[Finding], past: list[PastRun], model: ModelVersion = PLAIN):
    return find_regime(month_of(month), model, findings, past, MonitorPolicy())


def test_a_new_change_of_the_rule_begins_with_its_window():
    regime = find("2024-08", [of_rule(Verdict.FAIL)], [run("2024-07", outcome=Outcome.STABLE)])
    assert (regime.rule_since, regime.since) == (date(2024, 8, 1), date(2024, 8, 1))
    assert regime.earlier == (month_of("2024-07"),)
    assert regime.retry == ""


def test_a_change_of_the_applicants_is_none_of_the_rule():
    regime = find("2024-08", [of_income(Verdict.FAIL)], [])
    assert (regime.rule_since, regime.since) == (None, date(2024, 8, 1))


def test_a_known_change_of_the_rule_goes_back_to_its_level_and_is_tried_again_when_days_have_come():
    past = [run("2024-08", of_rule(Verdict.FAIL))]
    regime = find("2024-09", [of_rule(Verdict.KNOWN)], past)
    assert regime.rule_since == date(2024, 8, 1)
    assert "still worse than at its promotion" in regime.retry
    tried = [run("2025-02", of_rule(Verdict.KNOWN)), *past]
    assert find("2025-03", [of_rule(Verdict.KNOWN)], tried).retry == ""  # 8 months are no 1.25 times 7
    assert find("2025-05", [of_rule(Verdict.KNOWN)], tried).retry != ""


def test_an_accepted_change_is_not_tried_again():
    regime = find("2024-09", [of_rule(Verdict.KNOWN, is_accepted=True)], [run("2024-08")])
    assert regime.retry == ""


def test_a_new_alarm_needs_no_other_reason():
    assert find("2024-09", [of_rule(Verdict.KNOWN), of_income(Verdict.FAIL)], [run("2024-08")]).retry == ""


@pytest.mark.parametrize(("month", "is_tried"), [("2024-09", False), ("2024-10", True)])
def test_a_model_of_the_new_rule_is_renewed_when_twice_as_many_days_have_come(month: str, is_tried: bool):
    record = {"fitted_rows": 1, "regime": {"rule_since": "2024-08-01", "since": "2024-08-01"}}
    trained = (TRAINED, month_of("2024-08"))
    model = ModelVersion(2, "second", "gradient_boosting", "", "", trained, record, "champion")
    regime = find(month, [of_rule(Verdict.PASS)], [run("2024-09", outcome=Outcome.STABLE)], model)
    assert bool(regime.retry) is is_tried
    assert regime.rule_since == date(2024, 8, 1)


def test_broken_windows_and_days_that_nobody_monitored_are_not_trained_on():
    broken = Finding(Question.DATA, "never_seen", Verdict.FAIL, "", "debt", effect=0.9)
    unfit = run("2024-09", outcome=Outcome.QUALITY_FAILED)
    inverted = run("2024-07", Finding(Question.MODEL, "auc", Verdict.FAIL, "", effect=0.7, current=0.2))
    past = [run("2024-11"), run("2024-10", broken), unfit, run("2024-08"), inverted]
    days = list_usable_days(past, Window(date(2024, 6, 30), date(2024, 11, 15)), PromotionPolicy())
    assert days == (month_of("2024-08"), Window(date(2024, 11, 1), date(2024, 11, 14)))
