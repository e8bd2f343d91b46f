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
    """Coefficients with their covariance, the fitted chances, and the log likelihood."""

    coefficients: Floats
    covariance: Floats
    chances: Floats
    log_likelihood: float

    def predict(self, design: Floats) -> Floats:
        """The chance of a positive label for rows of the same columns."""
        return np.asarray(scipy.special.expit(design @ self.coefficients))


def fit_logistic(design: Floats, labels: Floats, start: Floats | None = None) -> LogisticFit:
    """Maximum likelihood by Newton's method with step halving; a constant is a column of ones in `design`.

    `start` are coefficients near the solution, which save steps.
    """
    coefficients = np.zeros(design.shape[1]) if start is None else start
    likelihood = _log_likelihood(design @ coefficients, labels, coefficients)
    for _ in range(_MOST_STEPS):
        chances = scipy.special.expit(design @ coefficients)
        gradient = design.T @ (labels - chances) - _RIDGE * coefficients
        step = np.linalg.solve(_information(design, chances), gradient)
        coefficients, gained = _climb(design, labels, (coefficients, likelihood), step)
        likelihood += gained
        if gained < 1e-9 * (1 + abs(likelihood)):
            break
    linear = design @ coefficients
    chances = np.asarray(scipy.special.expit(linear))
    plain = _log_likelihood(linear, labels, np.zeros(1))
    return LogisticFit(coefficients, np.linalg.inv(_information(design, chances)), chances, plain)


def _climb(design: Floats, labels: Floats, start: tuple[Floats, float], step: Floats) -> tuple[Floats, float]:
    """The longest of the halved steps that does not lose likelihood, and what it gains."""
    coefficients, likelihood = start
    for halvings in range(12):
        tried = coefficients + step / 2**halvings
        gained = _log_likelihood(design @ tried, labels, tried) - likelihood
        if gained >= 0:
            return tried, gained
    return coefficients, 0.0


def _information(design: Floats, chances: Floats) -> Floats:
    weighted = design * (chances * (1 - chances))[:, None]
    return np.asarray(design.T @ weighted + _RIDGE * np.eye(design.shape[1]))


def _log_likelihood(linear: Floats, labels: Floats, coefficients: Floats) -> float:
    return float(labels @ linear - np.logaddexp(0, linear).sum() - _RIDGE / 2 * coefficients @ coefficients)


def logit(scores: Floats, least: float = 1e-4) -> Floats:
    """Log odds of scores, which are first held between `least` and 1 − `least`."""
    held = np.clip(scores, least, 1 - least)
    return np.asarray(np.log(held / (1 - held)))
