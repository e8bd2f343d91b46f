"""Customers who come back: their applications are alike, and nothing has changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tasks.core.findings import Finding, Question
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.model import measure_model_drift
from tasks.profile.profile import fit_profile
from tests.support.windows_to_compare import CONTRACT, find, list_failed, make_window

APPLICATION = ("amount", "purpose")  # all other columns are the customer's


def draw(seed: int, rows: int, applications: float, shift: float = 0.0) -> ScoredWindow:
    """Customers with so many applications on average (geometric); the amounts may be shifted."""
    random = np.random.default_rng(seed)
    customers, scores = make_window(rows, seed)
    drawn, _ = make_window(rows, seed + 1_000)
    place = np.repeat(np.arange(rows), random.geometric(1 / applications, rows))[:rows]
    frame = customers.iloc[place].reset_index(drop=True).assign(**{name: drawn[name] for name in APPLICATION})
    frame["amount"] = frame["amount"].where(frame["amount"] > 1e6, frame["amount"] + shift)
    keys = pd.util.hash_array(place.astype(np.uint64)) ^ np.uint64(seed)
    labels = (random.random(rows) < scores[place]).astype(float)
    return ScoredWindow(frame, labels, scores[place], keys)


def ask(reference: ScoredWindow, window: ScoredWindow) -> list[Finding]:
    profile = fit_profile(CONTRACT, reference, origin="holdout", seed=0)
    comparison = Comparison(profile, window, DriftPolicy())
    return [*measure_drift(comparison), *measure_model_drift(comparison)]


def forget(window: ScoredWindow) -> ScoredWindow:
    """The same window without its customers."""
    return ScoredWindow(window.applications, window.labels, window.scores)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [500, 2_000])
def test_customers_who_come_back_are_no_drift(rows):
    """With four applications on average: of 120 such windows of each size 2 and 0 alarm; taken as independent, nearly
    every one does."""
    pairs = [(draw(2 * seed, 6_000, 4), draw(2 * seed + 1, rows, 4)) for seed in range(100, 104)]
    assert [list_failed(ask(*pair)) for pair in pairs] == [set()] * 4
    assert any(list_failed(ask(forget(one), forget(other))) for one, other in pairs)


def test_a_change_of_the_applications_is_still_found():
    findings = ask(draw(0, 6_000, 4), draw(1, 3_000, 4, shift=5_000))
    assert (Question.DATA, "distribution", "amount") in list_failed(findings)


def test_a_column_of_the_customers_promises_less_than_one_of_the_applications():
    findings = ask(draw(0, 6_000, 4), draw(1, 2_000, 4))
    smallest = {name: find(findings, "distribution", name).smallest_detectable for name in ("income", "amount")}
    assert smallest["income"] > 1.5 * smallest["amount"]


def test_rows_of_one_customer_written_twice_change_no_verdict():
    """Every application twice under one customer: the same p values, to what small samples make of them."""
    reference, window = draw(10, 4_000, 1), draw(11, 2_000, 1)
    plain = {(one.check, one.subject): one for one in ask(forget(reference), forget(window))}

    def write_twice(one: ScoredWindow) -> ScoredWindow:
        twice = np.tile(np.arange(len(one.labels)), 2)
        return ScoredWindow(
            one.applications.iloc[twice].reset_index(drop=True), one.labels[twice], one.scores[twice], one.keys[twice]
        )

    for finding in ask(write_twice(reference), write_twice(window)):
        before = plain[finding.check, finding.subject]
        if finding.check in ("distribution", "missing", "approval_rate", "auc", "score_curve", "by_column"):
            assert finding.effect == pytest.approx(before.effect, abs=0.01)
            if before.p_value is not None:
                assert finding.p_value == pytest.approx(before.p_value, abs=0.15), finding.check


@pytest.mark.slow
@pytest.mark.parametrize("rows", [500, 2_000])
def test_of_forty_windows_hardly_one_alarms_and_as_independent_rows_nearly_all(rows):
    pairs = [(draw(2 * seed, 6_000, 4), draw(2 * seed + 1, rows, 4)) for seed in range(100, 140)]
    assert sum(bool(list_failed(ask(*pair))) for pair in pairs) <= 2
    assert sum(bool(list_failed(ask(forget(one), forget(other)))) for one, other in pairs) >= 32
