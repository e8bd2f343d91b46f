"""Logistic regression on a few columns, with what its tests need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats

# A ridge so small that it only stops the coefficients of perfectly parted labels from running away.
_RIDGE = 1e-6
_MOST_STEPS = 50


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """A fitted logistic regression.

    Parameters
    ----------
    coefficients : array of k
        One for each column.
    covariance : array of k by k
        Of the coefficients.
    chances : array of n
        The fitted probability of each row.
    log_likelihood
        At the solution, without the ridge.
    alike : array of k by k
        What rows that belong together add to the covariance of the score, Σ x_i (y_i - p_i); zero where each stands
        alone.
    """

    coefficients: Floats
    covariance: Floats
    chances: Floats
    log_likelihood: float
    alike: Floats

    @property
    def robust_covariance(self) -> Floats:
        """The covariance of the coefficients that allows for rows that belong together.

        References
        ----------
        Liang & Zeger, Biometrika 73 (1986).
        """
        return np.asarray(self.covariance + self.covariance @ self.alike @ self.covariance, dtype=np.float64)

    def predict(self, design: Floats) -> Floats:
        """The probability of a positive label for rows (n by k) of the same columns."""
        return np.asarray(scipy.special.expit(design @ self.coefficients))


def fit_logistic(
    design: Floats, labels: Floats, start: Floats | None = None, weights: Floats | None = None
) -> LogisticFit:
    """Maximum likelihood by Newton's method with step halving.

    Parameters
    ----------
    design : array of n by k
        The columns; a constant is a column of ones.
    labels : array of n
        0 or 1, or the share of ones among rows that are alike.
    start : array of k, optional
        Coefficients near the solution, which save steps.
    weights : array of n, optional
        How many rows each one stands for, above 0; by default one.

    Returns
    -------
    LogisticFit
        The solution, after 50 steps at most.

    Notes
    -----
    A ridge of 1e-6 stops the coefficients of perfectly separated labels from running away.

    Examples
    --------
    >>> fit = fit_logistic(np.ones((4, 1)), np.array([0.0, 1.0, 1.0, 1.0]))
    >>> fit.chances.round(3)
    array([0.75, 0.75, 0.75, 0.75])
    """
    coefficients = np.zeros(design.shape[1]) if start is None else start
    rows = np.ones(len(labels)) if weights is None else weights
    sample = (design, labels, rows)
    likelihood = _log_likelihood(design @ coefficients, (labels, rows), coefficients)
    for _ in range(_MOST_STEPS):
        chances = scipy.special.expit(design @ coefficients)
        gradient = design.T @ (rows * (labels - chances)) - _RIDGE * coefficients
        step = np.linalg.solve(_information(design, chances, rows), gradient)
        coefficients, gained = _climb(sample, (coefficients, likelihood), step)
        likelihood += gained
        if gained < 1e-9 * (1 + abs(likelihood)):
            break
    linear = design @ coefficients
    chances = np.asarray(scipy.special.expit(linear))
    plain = _log_likelihood(linear, (labels, rows), np.zeros(1))
    covariance = np.asarray(np.linalg.inv(_information(design, chances, rows)), dtype=np.float64)
    return LogisticFit(coefficients, covariance, chances, plain, np.zeros_like(covariance))


def _climb(sample: tuple[Floats, Floats, Floats], start: tuple[Floats, float], step: Floats) -> tuple[Floats, float]:
    """The longest of the halved steps that does not lose likelihood, and what it gains."""
    design, labels, rows = sample
    coefficients, likelihood = start
    for halvings in range(12):
        tried = coefficients + step / 2**halvings
        gained = _log_likelihood(design @ tried, (labels, rows), tried) - likelihood
        if gained >= 0:
            return tried, gained
    return coefficients, 0.0


def _information(design: Floats, chances: Floats, rows: Floats) -> Floats:
    """The information matrix of the coefficients, ridge included."""
    weighted = design * (rows * chances * (1 - chances))[:, None]
    return np.asarray(design.T @ weighted + _RIDGE * np.eye(design.shape[1]))


def _log_likelihood(linear: Floats, labelled: tuple[Floats, Floats], coefficients: Floats) -> float:
    """The log likelihood of labels, and of the rows that each stands for, less the ridge's part."""
    labels, rows = labelled
    gained = (rows * labels) @ linear - rows @ np.logaddexp(0, linear)
    return float(gained - _RIDGE / 2 * coefficients @ coefficients)


def logit(scores: Floats, least: float = 1e-4) -> Floats:
    """Log odds of scores.

    Parameters
    ----------
    scores : array of n
        0 to 1.
    least : float
        Scores are first held between `least` and 1 − `least`, so that 0 and 1 have log odds too.

    Returns
    -------
    array of n
        Natural logarithms of the odds.

    Examples
    --------
    >>> logit(np.array([0.5, 0.9, 1.0])).round(3)
    array([0.   , 2.197, 9.21 ])
    """
    held = np.clip(scores, least, 1 - least)
    return np.asarray(np.log(held / (1 - held)))
