"""Residuals by group against brute force, and honest chances even where a column goes with the score."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy

from tasks.drift.residuals import compare_groups, group_rows
from tasks.drift.score_curve import Labelled, fit_score_curve
from tasks.profile.bins import MISSING, fit_bins
from tasks.statistics.power import Bar, smallest_spread
from tests.support.windows_to_compare import CONTRACT, NOT_STATED

ROWS = 600


def draw_curve(seed, scores=None):
    """The curves of two windows under one rule, and the scores; the model is perfectly calibrated."""
    random = np.random.default_rng(seed)
    scores = random.beta(2, 1, 2 * ROWS) if scores is None else scores
    labels = (random.random(2 * ROWS) < scores).astype(float)
    positions = np.arange(ROWS)
    return fit_score_curve(Labelled(labels, scores, np.repeat([0.0, 1.0], ROWS), positions, positions)), random


def test_changes_and_correlations_are_those_of_the_whole_matrices():
    curve, random = draw_curve(1)
    group = random.integers(-1, 4, 2 * ROWS)
    left = compare_groups(curve, group)
    contrast = np.zeros((4, 2 * ROWS))
    for place in range(4):
        for window, sign in ((0, -1), (1, 1)):
            rows = (group == place) & (curve.rows.is_current == window)
            contrast[place, rows] = sign / rows.sum()
    noise = np.diag(curve.fitted * (1 - curve.fitted))
    residuals = np.eye(2 * ROWS) - noise @ curve.design @ curve.fit.covariance @ curve.design.T
    covariance = contrast @ residuals @ noise @ residuals.T @ contrast.T
    assert left.changes == pytest.approx(contrast @ (curve.rows.labels - curve.fitted))
    assert left.variances == pytest.approx(np.diag(contrast @ noise @ contrast.T))
    scale = np.sqrt(np.outer(left.variances, left.variances))
    np.testing.assert_allclose(left.correlation * scale, covariance, atol=1e-9)
    assert left.rows.sum() == (group >= 0).sum()


@pytest.mark.slow
@pytest.mark.parametrize("goes_with_the_score", [False, True])
def test_without_a_change_the_chances_are_honest(goes_with_the_score):
    """Groups of neighbouring scores are the hard case: there the curve takes up most of the noise."""
    chances = []
    for seed in range(400):
        curve, random = draw_curve(seed)
        by = curve.rows.scores if goes_with_the_score else random.random(2 * ROWS)
        left = compare_groups(curve, np.minimum((by * 6).astype(np.int64), 5))
        chances.append(left.p_value)
    for level in (0.5, 0.2, 0.05):
        low, high = scipy.stats.binom.interval(0.999, 400, level)
        assert low <= np.sum(np.array(chances) <= level) <= high


@pytest.mark.slow
def test_a_change_of_the_smallest_size_is_found_in_80_of_100():
    """A sound rule but for what was planted; scores off the ends, so that no chance is cut off."""
    bar, found = Bar(0.0005, 0.05), 0
    for seed in range(200):
        curve, random = draw_curve(seed, np.random.default_rng(1_000 + seed).uniform(0.35, 0.65, 2 * ROWS))
        group = random.integers(0, 4, 2 * ROWS)
        left = compare_groups(curve, group)
        planted = random.normal(size=4)
        planted -= planted.mean()
        planted *= smallest_spread(left.variances, left.freedom, bar) / np.sqrt(np.mean(planted**2))
        chances = curve.rows.scores + np.where(curve.rows.is_current == 1, planted[group], 0.0)
        assert chances.min() >= 0
        assert chances.max() <= 1
        labels = (random.random(2 * ROWS) < chances).astype(float)
        seen = compare_groups(fit_score_curve(replace(curve.rows, labels=labels)), group)
        found += seen.p_value <= bar.level and seen.effect >= bar.limit
    assert found / 200 == pytest.approx(0.80, abs=0.08)


def test_groups_by_which_the_curve_is_fitted_leave_nothing_over():
    curve, _ = draw_curve(1, np.where(np.arange(2 * ROWS) % 3 == 0, 0.3, 0.8))
    assert compare_groups(curve, (curve.rows.scores > 0.5).astype(np.int64)) is None
    assert compare_groups(curve, np.zeros(2 * ROWS, dtype=np.int64)) is None


def test_groups_fill_evenly_and_special_and_missing_values_stay_apart():
    values = pd.Series([*np.arange(600.0), *[NOT_STATED] * 60, *[np.nan] * 40])
    bins = fit_bins(CONTRACT.column("amount"), values)
    codes = bins.encode(values)
    before, now = group_rows(bins, codes, codes)
    np.testing.assert_array_equal(before, now)
    assert len(np.unique(before)) == 6
    assert len(np.unique(before[codes == MISSING])) == 1
    assert set(before[codes == MISSING]).isdisjoint(before[codes != MISSING])
    assert set(before[codes == bins.levels]).isdisjoint(before[codes != bins.levels])
    assert np.bincount(before[:600]).max() <= 180


def test_groups_that_one_window_hardly_has_are_left_out():
    values = pd.Series(np.arange(600.0))
    bins = fit_bins(CONTRACT.column("income"), values)
    before, now = group_rows(bins, bins.encode(values), bins.encode(values.clip(upper=300)))
    assert -1 in before
    assert now.min() >= 0
