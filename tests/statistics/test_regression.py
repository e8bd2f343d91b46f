"""Logistic regression against published estimates, scikit-learn, and labels that are perfectly parted."""

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

from tasks.statistics.regression import fit_logistic, logit

# Dalal, Fowlkes & Hoadley 1989: joint temperature (°F) and O-ring distress of 23 shuttle flights before Challenger.
TEMPERATURE = [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58]
DISTRESS = [0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1]


def test_the_challenger_flights():
    """Published maximum likelihood: intercept 15.0429 (7.3786), slope -0.2322 (0.1082)."""
    design = np.column_stack([np.ones(23), TEMPERATURE]).astype(float)
    fit = fit_logistic(design, np.array(DISTRESS, dtype=float))
    assert fit.coefficients == pytest.approx([15.0429, -0.2322], abs=2e-3)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx([7.3786, 0.1082], abs=2e-3)
    assert 2 * fit.log_likelihood == pytest.approx(-20.315, abs=1e-3)


def test_it_agrees_with_scikit_learn():
    random = np.random.default_rng(2)
    design = np.column_stack([np.ones(900), random.normal(size=(900, 3))])
    labels = (random.random(900) < 1 / (1 + np.exp(-design @ [0.3, 1.0, -2.0, 0.0]))).astype(float)
    theirs = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-9, max_iter=500).fit(design, labels)
    ours = fit_logistic(design, labels)
    assert ours.coefficients == pytest.approx(theirs.coef_[0], abs=1e-4)
    assert ours.predict(design) == pytest.approx(theirs.predict_proba(design)[:, 1], abs=1e-4)
    for start in (ours.coefficients, np.array([5.0, -5.0, 5.0, -5.0])):  # the way in does not matter
        assert fit_logistic(design, labels, start).coefficients == pytest.approx(ours.coefficients, abs=1e-5)


def test_parted_labels_and_a_constant_column_end_in_finite_numbers():
    x = np.linspace(-1, 1, 200)
    fit = fit_logistic(np.column_stack([np.ones(200), x, np.zeros(200)]), (x > 0).astype(float))
    assert np.all(np.isfinite(fit.coefficients))
    assert np.all(np.isfinite(fit.covariance))
    assert np.mean((fit.chances > 0.5) == (x > 0)) == 1


def test_the_likelihood_ratio_keeps_its_level():
    random = np.random.default_rng(7)
    chances = []
    for _ in range(400):
        x, window = random.normal(size=300), np.repeat([0.0, 1.0], 150)
        labels = (random.random(300) < 1 / (1 + np.exp(-x))).astype(float)
        plain = np.column_stack([np.ones(300), x])
        both = np.column_stack([plain, plain * window[:, None]])
        gained = 2 * (fit_logistic(both, labels).log_likelihood - fit_logistic(plain, labels).log_likelihood)
        chances.append(stats.chi2.sf(gained, 2))
    assert np.mean(np.array(chances) <= 0.05) == pytest.approx(0.05, abs=0.035)


def test_log_odds_are_held_at_the_ends():
    assert logit(np.array([0.5, 0.0, 1.0])) == pytest.approx([0, -np.log(9999), np.log(9999)])


def test_a_weight_is_as_many_equal_rows():
    random = np.random.default_rng(4)
    design = np.column_stack([np.ones(30), random.normal(size=30)])
    rows, positives = random.integers(1, 9, 30), random.integers(0, 9, 30)
    positives = np.minimum(positives, rows)
    counted = fit_logistic(design, positives / rows, weights=rows.astype(float))
    labels = np.concatenate([np.arange(n) < k for n, k in zip(rows, positives, strict=True)]).astype(float)
    plain = fit_logistic(np.repeat(design, rows, axis=0), labels)
    assert counted.coefficients == pytest.approx(plain.coefficients, abs=1e-6)
    assert counted.covariance == pytest.approx(plain.covariance, abs=1e-6)
