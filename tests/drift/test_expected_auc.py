"""The expected AUC of scores of any form: its value, its errors, and where it cannot be told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from benchmarks.foreign_scores import FAMILIES, HIGHER, LOWER, MIXED, SAME, Applicants, Family, draw_chunk
from tasks.core.findings import Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.comparison import Comparison
from tasks.drift.expected_auc import Estimate, estimate_auc
from tasks.drift.model import measure_model_drift
from tasks.profile.profile import SAMPLE_ROWS, Profile, fit_profile
from tasks.statistics.auc import expect_auc
from tests.support.windows_to_compare import CONTRACT, find, make_window

POLICY = DriftPolicy()
OWN = Family("calibrated", lambda u: expit(1.5 * u + 0.5), lambda u: expit(1.5 * u + 0.5))
REVERSED = FAMILIES[-1]
FAR_ABOVE = Applicants("far above", 3.2, 0.3)
EVERY_FAMILY = pytest.mark.parametrize("family", [OWN, *FAMILIES], ids=lambda family: family.name)


def make_profile(family: Family, rows: int, seed: int, *, repeat: int = 1) -> Profile:
    """The profile of a reference whose every row is written so many times, under one customer."""
    chunk = draw_chunk(family, SAME, rows, np.random.default_rng(seed))
    labels, scores = np.repeat(chunk.labels, repeat), np.repeat(chunk.scores, repeat)
    keys = np.repeat(np.random.default_rng(seed).integers(2**60, size=rows).astype(np.uint64), repeat)
    window = ScoredWindow(make_window(rows * repeat, seed)[0], labels, scores, keys if repeat > 1 else None)
    return fit_profile(CONTRACT, window, origin="holdout", seed=0)


def estimate(family: Family, applicants: Applicants, rows: int, seed: int) -> Estimate:
    """From a reference of so many rows, of as many others."""
    fresh = draw_chunk(family, applicants, rows, np.random.default_rng(seed + 10_000))
    found = estimate_auc(make_profile(family, rows, seed), fresh.scores, POLICY)
    assert found is not None
    return found


def find_truth(family: Family, applicants: Applicants) -> float:
    everyone = draw_chunk(family, applicants, 1_000_000, np.random.default_rng(0))
    return expect_auc(everyone.chances, everyone.scores)


@EVERY_FAMILY
@pytest.mark.parametrize("applicants", [SAME, LOWER, HIGHER, MIXED], ids=lambda applicants: applicants.name)
def test_scores_of_any_form_are_estimated(family, applicants):
    """A cubic in the log odds misses “one step” by 0.05, and an isotonic curve the “reversed tail”."""
    found, truth = estimate(family, applicants, 10_000, seed=4), find_truth(family, applicants)
    assert found.now == pytest.approx(truth, abs=3.5 * found.now_error)
    assert found.now_error < 0.011


@pytest.mark.slow
@EVERY_FAMILY
@pytest.mark.parametrize("applicants", [SAME, LOWER], ids=lambda applicants: applicants.name)
def test_the_errors_are_honest(family, applicants):
    """Of 200 windows of 1,000 about 190 have the loss, and the area, within 1.96 standard errors.

    Below 178 chance alone is no explanation. Where a score has few levels and nothing changed, the errors are too wide,
    and never by half again as much.
    """
    loss = find_truth(family, SAME) - find_truth(family, applicants)
    truth = find_truth(family, applicants)
    found = [estimate(family, applicants, 1_000, seed) for seed in range(200)]
    of_loss = np.array([(one.before - one.now - loss) / one.loss_error for one in found])
    of_area = np.array([(one.now - truth) / one.now_error for one in found])
    for deviates in (of_loss, of_area):
        assert np.mean(np.abs(deviates) < 1.96) >= 0.89
        assert np.std(deviates) > 1 / 1.5
        assert abs(np.mean(deviates)) < 0.3
    if applicants is SAME:
        assert np.mean(of_loss > 1.645) <= 0.09
        assert np.mean(of_loss > 2.576) <= 0.025


@pytest.mark.slow
def test_the_area_has_a_larger_error_than_the_loss_where_nothing_changed():
    """What the labels of the reference miss is in both areas; the report's interval has to hold it."""
    found = [estimate(OWN, SAME, 1_000, seed) for seed in range(100)]
    truth = find_truth(OWN, SAME)
    by_loss = np.mean([abs(one.now - truth) < 1.96 * one.loss_error for one in found])
    by_area = np.mean([abs(one.now - truth) < 1.96 * one.now_error for one in found])
    assert by_loss < 0.85
    assert by_area > 0.9


def test_rows_of_one_customer_written_four_times_are_no_more_certain():
    fresh = draw_chunk(OWN, LOWER, 2_000, np.random.default_rng(7)).scores
    keys = np.random.default_rng(8).integers(2**60, size=2_000).astype(np.uint64)
    once = estimate_auc(make_profile(OWN, 3_000, 6), fresh, POLICY)
    four = estimate_auc(make_profile(OWN, 3_000, 6, repeat=4), np.repeat(fresh, 4), POLICY, np.repeat(keys, 4))
    alone = estimate_auc(make_profile(OWN, 3_000, 6, repeat=4), np.repeat(fresh, 4), POLICY)
    assert four.now == pytest.approx(once.now, abs=0.002)
    assert four.loss_error == pytest.approx(once.loss_error, rel=0.1)
    assert four.now_error == pytest.approx(once.now_error, rel=0.1)
    assert alone.loss_error < 0.95 * four.loss_error


def test_all_labelled_rows_of_a_large_reference_count():
    """The sample has 20,000 of 50,000 rows: what it alone would say is less certain."""
    profile = make_profile(OWN, 50_000, 3)
    fresh = draw_chunk(OWN, LOWER, 20_000, np.random.default_rng(5)).scores
    whole, sampled = (estimate_auc(one, fresh, POLICY) for one in (profile, replace(profile, score_bins=None)))
    assert profile.score_bins.rows.sum() == 50_000
    assert len(profile.labels) == SAMPLE_ROWS
    assert whole.loss_error < 0.8 * sampled.loss_error


def test_an_older_profile_is_counted_from_its_sample():
    profile = make_profile(REVERSED, 3_000, 3)
    fresh = draw_chunk(REVERSED, LOWER, 2_000, np.random.default_rng(5)).scores
    assert estimate_auc(replace(profile, score_bins=None), fresh, POLICY) == estimate_auc(profile, fresh, POLICY)


def test_scores_that_the_reference_hardly_has_are_no_all_clear():
    """Nearly all of the reference's decisions lie elsewhere: an estimate would rest on a handful."""
    chunk = draw_chunk(OWN, FAR_ABOVE, 1_000, np.random.default_rng(2))
    undecided = ScoredWindow(make_window(1_000)[0], np.full(1_000, np.nan), chunk.scores)
    findings = measure_model_drift(Comparison(make_profile(OWN, 2_000, 1), undecided, POLICY))
    silent = find(findings, "estimated_auc")
    assert silent.verdict is Verdict.NOT_ENOUGH_DATA
    assert "too few decisions of the reference have the scores of the 1,000 applications" in silent.sentence
