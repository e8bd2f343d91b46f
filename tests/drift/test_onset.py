"""Onsets of every check's alarms: the day on which the applications, the decisions or the rule changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from tasks.core.findings import Finding, Verdict
from tasks.core.onset import OnsetKind
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.drift.onset import date_changes
from tests.support.windows_to_compare import find, make_profile, make_window

PROFILE = make_profile(6_000)
FIRST, DAYS, ROWS = date(2024, 10, 1), 31, 3_000
Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def _raise_income(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    return frame.assign(income=frame["income"] * 1.3)


def _lose_debts(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    return frame.assign(debt=frame["debt"].mask(random.random(len(frame)) < 0.3))


def _add_word(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    words = np.where(random.random(len(frame)) < 0.1, "boat", frame["purpose"].astype(object))
    return frame.assign(purpose=pd.Categorical(words))


def _swap_words(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    words = np.where(random.random(len(frame)) < 0.4, "other", frame["purpose"].astype(object))
    return frame.assign(purpose=pd.Categorical(words))


def _give_more(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    return frame.assign(status=np.where(random.random(len(frame)) < 0.3, "yes", frame["status"]))


def _decide_by_purpose(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    drawn, purpose = random.random(len(frame)), frame["purpose"].astype(object)
    status = np.where((drawn < 0.5) & (purpose == "car"), "yes", frame["status"])
    return frame.assign(status=np.where((drawn < 0.6) & (purpose == "home"), "no", status))


def _decide_at_random(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    drawn = np.where(random.random(len(frame)) < 0.5, "yes", "no")
    return frame.assign(status=np.where(random.random(len(frame)) < 0.4, drawn, frame["status"]))


def _part_together(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Each column alone stays as it was: the debts no longer follow the incomes."""
    return frame.assign(debt=random.permutation(frame["debt"]))


def observe_days(change: Change, place: int, seed: int = 3, rows: int = ROWS) -> ScoredWindow:
    """A window whose applications are changed from one of its days on."""
    random = np.random.default_rng(seed)
    frame, scores = make_window(rows, seed)
    day = np.sort(random.integers(0, DAYS, rows))
    parts = [frame[day < place], change(frame[day >= place], random)]
    whole = pd.concat([part.astype({"purpose": object}) for part in parts]).astype({"purpose": "category"})
    labels = (whole["status"] == "yes").to_numpy(float)
    return ScoredWindow(whole, labels, scores, days=np.datetime64(FIRST) + day)


def ask(window: ScoredWindow) -> list[Finding]:
    comparison = Comparison(PROFILE, window, DriftPolicy())
    return date_changes([*measure_drift(comparison), *measure_model_drift(comparison)], comparison)


CASES = [
    (_raise_income, "distribution", "income"),
    (_swap_words, "distribution", "purpose"),
    (_lose_debts, "missing", "debt"),
    (_add_word, "never_seen", "purpose"),
    (_part_together, "joint_shape", ""),
    (_give_more, "approval_rate", ""),
    (_give_more, "score_curve", ""),
    (_give_more, "calibration", ""),
    (_decide_by_purpose, "by_column", "purpose"),
    (_decide_at_random, "auc", ""),
]


@pytest.mark.parametrize(("change", "check", "subject"), CASES)
def test_a_change_is_dated_by_each_check_that_finds_it(change, check, subject):
    finding = find(ask(observe_days(change, 14)), check, subject)
    onset, day = finding.onset, FIRST + timedelta(days=14)
    assert finding.verdict is Verdict.FAIL
    assert onset.kind is OnsetKind.STEP
    assert onset.earliest <= day <= onset.latest
    assert abs((onset.day - day).days) <= 2
    assert onset.span <= 6
    assert finding.sentence.endswith(onset.sentence)
    values = np.array([one.value for one in onset.by_day])
    assert len(values) == DAYS
    assert abs(values[:14].mean() - onset.reference) < abs(values[14:].mean() - onset.reference) / 3


@pytest.mark.parametrize(("change", "check", "subject"), CASES)
def test_a_change_of_the_whole_window_is_dated_before_it(change, check, subject):
    finding = find(ask(observe_days(change, 0)), check, subject)
    assert finding.onset.kind is OnsetKind.BEFORE
    assert finding.onset.earliest is None
    assert finding.onset.latest <= FIRST + timedelta(days=4)


@pytest.mark.slow
def test_values_of_the_whole_window_are_those_of_the_finding():
    """So that the picture by day and the sentence speak of one thing."""
    for change, check, subject in CASES:
        finding = find(ask(observe_days(change, 0)), check, subject)
        if check == "approval_rate":
            assert finding.onset.level == pytest.approx(finding.current)
        if check in ("missing", "never_seen", "distribution", "joint_shape", "auc"):
            assert finding.onset.level == pytest.approx(finding.current, abs=0.02)
        if check in ("score_curve", "by_column"):
            assert finding.onset.level == pytest.approx(finding.effect, abs=0.02)


def test_only_alarms_are_dated_and_only_where_days_are_known():
    window = observe_days(_raise_income, 14)
    assert all((one.onset is not None) == (one.verdict is Verdict.FAIL) for one in ask(window))
    assert all(one.onset is None for one in ask(replace(window, days=None)))


def test_a_trend_over_the_window_has_no_day():
    random = np.random.default_rng(1)
    frame, scores = make_window(6_000, 3)
    day = np.sort(random.integers(0, DAYS, 6_000))
    frame["debt"] = frame["debt"].mask(random.random(6_000) < 0.6 * day / DAYS)
    labels = (frame["status"] == "yes").to_numpy(float)
    finding = find(ask(ScoredWindow(frame, labels, scores, days=np.datetime64(FIRST) + day)), "missing", "debt")
    assert finding.onset.kind is OnsetKind.UNDATED
    assert finding.sentence.endswith("No single day of change can be told.")
    assert finding.onset.level is None


def test_decisions_are_dated_by_the_days_that_have_them():
    window = observe_days(_give_more, 8)
    is_late = window.days >= np.datetime64(FIRST + timedelta(days=20))
    finding = find(ask(replace(window, labels=np.where(is_late, np.nan, window.labels))), "approval_rate", "")
    assert len(finding.onset.by_day) == 20
    assert abs((finding.onset.day - FIRST).days - 8) <= 2


def test_the_order_of_the_rows_does_not_matter():
    window = observe_days(_raise_income, 14)
    order = np.random.default_rng(0).permutation(ROWS)
    shuffled = ScoredWindow(
        window.applications.iloc[order], window.labels[order], window.scores[order], days=window.days[order]
    )
    assert find(ask(window), "distribution", "income").onset == find(ask(shuffled), "distribution", "income").onset
