"""Concept drift: a changed rule is found by the score or by the column, and changed applicants are not called one."""

from dataclasses import replace

import numpy as np
import pytest

from tasks.core.findings import Question, Verdict, summarise
from tasks.core.policy import DriftPolicy
from tasks.drift.comparison import Comparison
from tasks.drift.concept import measure_concept_drift
from tasks.drift.score_curve import choose_labelled, fit_score_curve
from tests.support.windows_to_compare import find, make_profile, observe

POLICY = DriftPolicy()
PROFILE = make_profile(3_000)


def measure(observed, profile=PROFILE):
    return measure_concept_drift(Comparison(profile, observed, POLICY))


def flip(window, rows):
    return replace(window, labels=np.where(rows, 1 - window.labels, window.labels))


def test_the_same_rule_raises_no_alarm():
    for seed in (1, 2, 3):
        assert summarise(measure(observe(3_000, seed=seed)), Question.CONCEPT) is Verdict.PASS


def test_flipped_labels_change_the_curve_by_what_was_flipped():
    """Flipping 10 % moves each chance p by 0.1 |1 - 2p|."""
    window = observe(3_000)
    finding = find(measure(flip(window, np.arange(3_000) % 10 == 0)), "score_curve")
    assert finding.verdict is Verdict.FAIL
    expected = np.mean(0.1 * np.abs(1 - 2 * window.scores))
    assert finding.effect == pytest.approx(expected, abs=2.5 * finding.standard_error)


def test_a_rule_that_changed_for_some_values_names_their_column():
    window = observe(3_000)
    is_car = (window.applications["purpose"] == "car").to_numpy()
    chances = np.where(is_car, np.clip(window.scores + 0.25, 0, 1), np.clip(window.scores - 0.25, 0, 1))
    labels = (np.random.default_rng(0).random(3_000) < chances).astype(float)
    failed = [one for one in measure(replace(window, labels=labels)) if one.verdict is Verdict.FAIL]
    assert failed[0].subject == "purpose"


def test_a_failed_score_curve_names_the_columns_by_which_the_rule_changed_most():
    window = observe(3_000)
    is_car = (window.applications["purpose"] == "car").to_numpy()
    chances = np.where(is_car, window.scores, np.clip(window.scores - 0.25, 0, 1))
    labels = (np.random.default_rng(0).random(3_000) < chances).astype(float)
    by_score = find(measure(replace(window, labels=labels)), "score_curve")
    assert by_score.verdict is Verdict.FAIL
    assert by_score.columns[0] == "purpose"
    assert "Most affected: purpose" in by_score.sentence
    everywhere = find(measure(flip(window, np.arange(3_000) % 10 == 0)), "score_curve")
    assert (everywhere.verdict, everywhere.columns) == (Verdict.FAIL, ())


def test_other_applicants_with_the_same_rule_raise_no_alarm():
    window = observe(6_000)
    rows = np.argsort(-window.scores)[:3_000]  # the better half only
    better = replace(
        window, applications=window.applications.iloc[rows], labels=window.labels[rows], scores=window.scores[rows]
    )
    assert summarise(measure(better), Question.CONCEPT) is not Verdict.FAIL


def test_the_effect_is_the_mean_distance_of_the_two_curves():
    window = flip(observe(2_000), np.arange(2_000) % 7 == 0)
    rows = choose_labelled(PROFILE, window, 1)
    curve = fit_score_curve(rows)
    distance = np.abs(curve.now - curve.before)[rows.is_current == 1]
    assert find(measure(window), "score_curve").effect == pytest.approx(distance.mean())
    own = np.where(rows.is_current == 1, curve.now, curve.before)
    assert curve.fitted == pytest.approx(own)
    for mask in (rows.is_current == 0, rows.is_current == 1):  # the likelihood equation of each level
        assert curve.fitted[mask].mean() == pytest.approx(rows.labels[mask].mean(), abs=1e-4)


@pytest.mark.slow
def test_the_standard_error_is_that_of_repeated_windows():
    found = [find(measure(flip(observe(1_500, seed=s), np.arange(1_500) % 5 == 0), make_profile(1_500, seed=90 + s)),
                  "score_curve") for s in range(1, 41)]  # fmt: skip
    spread = np.std([one.effect for one in found])
    assert np.mean([one.standard_error for one in found]) == pytest.approx(spread, rel=0.35)


def test_partly_decided_windows_are_judged_by_what_is_decided():
    window = observe(3_000)
    labels = np.where(np.arange(3_000) % 2 == 0, window.labels, np.nan)
    assert summarise(measure(replace(window, labels=labels)), Question.CONCEPT) is Verdict.PASS
    few = np.where(np.arange(3_000) < 100, window.labels, np.nan)
    assert summarise(measure(replace(window, labels=few)), Question.CONCEPT) is Verdict.NOT_ENOUGH_DATA


def test_a_bounded_part_of_a_large_window_gives_the_same_verdict(monkeypatch):
    window = observe(6_000)
    for asked in (window, flip(window, np.arange(6_000) % 8 == 0)):
        whole = find(measure(asked), "score_curve")
        monkeypatch.setattr("tasks.drift.score_curve.CURVE_ROWS", 3_000)
        part = find(measure(asked), "score_curve")
        monkeypatch.undo()
        assert whole.verdict == part.verdict
        assert whole.effect == pytest.approx(part.effect, abs=0.03)
        assert whole.effect != part.effect, "the part was the whole"
