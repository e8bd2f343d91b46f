"""The chances by score: a curve where it fits, shares where it does not, and how labels move them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tasks.statistics.chance_curve import fit_chances
from tasks.statistics.score_bins import ScoreBins


def draw(chances: np.ndarray, seed: int = 0) -> ScoreBins:
    """Bins of 500 rows with these chances."""
    rows = np.full(len(chances), 500)
    return ScoreBins(np.arange(len(chances)) * 1.0, rows, np.random.default_rng(seed).binomial(rows, chances))


SMOOTH = expit(np.linspace(-2.5, 2.5, 30))
REVERSED = np.where(np.arange(30) < 26, SMOOTH, SMOOTH[::-1])


def test_of_smooth_chances_the_curve_has_less_noise_than_the_shares():
    curves = [fit_chances(draw(SMOOTH, seed)) for seed in range(20)]
    assert sum(curve.is_smooth for curve in curves) >= 17
    errors = [np.mean((curve.chances - SMOOTH) ** 2) for curve in curves if curve.is_smooth]
    shares = [np.mean((draw(SMOOTH, seed).chances - SMOOTH) ** 2) for seed in range(20)]
    assert np.mean(errors) < 0.5 * np.mean(shares)


@pytest.mark.parametrize("chances", [REVERSED, np.where(np.arange(30) < 12, 0.1, 0.6)], ids=["reversed", "step"])
def test_chances_of_another_form_are_the_shares(chances):
    bins = draw(chances)
    curve = fit_chances(bins)
    assert not curve.is_smooth
    np.testing.assert_array_equal(curve.chances, bins.chances)


@pytest.mark.parametrize("chances", [SMOOTH, REVERSED], ids=["smooth", "reversed"])
def test_the_slopes_are_what_one_more_positive_label_adds(chances):
    bins = draw(chances, seed=3)
    curve = fit_chances(bins)
    for place in (0, 7, 29):
        more = fit_chances(replace(bins, positives=bins.positives + (np.arange(30) == place)))
        np.testing.assert_allclose(more.chances - curve.chances, curve.slopes[:, place], rtol=0.1, atol=2e-5)


def test_a_bin_without_one_of_the_labels_has_noise():
    bins = replace(draw(REVERSED), positives=np.where(np.arange(30) == 4, 0, draw(REVERSED).positives))
    curve = fit_chances(bins)
    assert not curve.is_smooth
    assert curve.chances[4] == 0
    assert curve.noise[4] > 10
