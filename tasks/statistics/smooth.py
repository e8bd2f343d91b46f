"""A smooth rule of one number, and whether a group of rows departs from it.

A merely predictive column changes the chance of a label gradually; a column that is written with the decision changes
it at once. So the labels are first fitted by a smooth curve of the number's rank, and a group is tested against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Counts, Floats, sample_rows
from tasks.statistics.regression import fit_logistic

# Harrell's places for three knots and for five: few enough to be smooth, and linear beyond the outer ones.
_FEW_KNOTS, _KNOTS = (0.1, 0.5, 0.9), (0.05, 0.275, 0.5, 0.725, 0.95)
_FEW_ROWS = 1_000
_MOST_ROWS = 20_000
# Where a curve may lie, in standard errors of it.
_PLACES = np.linspace(-8, 8, 65)


@dataclass(frozen=True, eq=False)
class SmoothRule:
    """The chance of a positive label by a smooth curve of one number.

    Parameters
    ----------
    chances : array of n
        Of each row.
    design : array of n by k
        The curve's columns.
    coefficients : array of k
        Of these columns.
    covariance : array of k by k
        Of the coefficients.
    fitted_share
        The share of the rows that the curve was fitted on.
    """

    chances: Floats
    design: Floats
    coefficients: Floats
    covariance: Floats
    fitted_share: float


def fit_smooth_rule(numbers: Floats, labels: Floats, seed: int = 0) -> SmoothRule:
    """Fit a logistic regression on a natural cubic spline of the numbers' normal scores.

    Parameters
    ----------
    numbers : array of n
        Finite. Only their order matters, so that no outlier bends the curve.
    labels : array of n
        0 or 1.
    seed : int
        Of the sample of 20,000 rows on which a longer column is fitted.

    Returns
    -------
    SmoothRule
        For all n rows.

    References
    ----------
    Harrell, Regression Modeling Strategies, 2nd edition (2015), section 2.4: restricted cubic splines.

    Examples
    --------
    >>> labels = (np.arange(400) % 4 < 2).astype(float)
    >>> fit_smooth_rule(np.linspace(-2, 2, 400), labels).chances[[0, 200, 399]].round(2)
    array([0.52, 0.5 , 0.48])
    """
    design = _design_ranks(numbers)
    rows = sample_rows(len(labels), _MOST_ROWS, seed)
    fit = fit_logistic(design[rows], labels[rows])
    return SmoothRule(fit.predict(design), design, fit.coefficients, fit.covariance, len(rows) / len(labels))


def _design_ranks(numbers: Floats) -> Floats:
    """The curve's columns for each number, by its rank."""
    ranks = scipy.stats.rankdata(numbers)
    return design_spline(scipy.special.ndtri((ranks - 0.5) / len(ranks)), len(ranks))


def design_spline(numbers: Floats, rows: int) -> Floats:
    """The columns of a natural cubic spline of normal scores: a constant, the scores, and one for each inner knot.

    Parameters
    ----------
    numbers : array of m
        Normal scores.
    rows : int
        How many the curve is fitted for: fewer than 1,000 carry three knots, others five.

    Returns
    -------
    array of m by 3, or by 5

    Examples
    --------
    >>> design_spline(np.array([-2.0, 0.0, 2.0]), 1_000).shape
    (3, 5)
    """
    knots = scipy.special.ndtri(np.array(_KNOTS if rows >= _FEW_ROWS else _FEW_KNOTS))
    last, before_last = knots[-1], knots[-2]

    def cube(knot: float) -> Floats:
        return np.asarray(np.maximum(numbers - knot, 0) ** 3)

    bent = [
        cube(knot)
        - cube(before_last) * (last - knot) / (last - before_last)
        + cube(last) * (before_last - knot) / (last - before_last)
        for knot in knots[:-2]
    ]
    return np.stack([np.ones_like(numbers), numbers, *bent], axis=1)


def measure_departures(rule: SmoothRule, order: Counts, labels: Floats, label: float) -> Floats:
    """How far the first rows, in a given order, depart from the rule towards one label: for each number of rows.

    Parameters
    ----------
    rule : SmoothRule
        Of all n rows.
    order : array of m
        The positions of rows, those of the group first.
    labels : array of n
        0 or 1.
    label : float
        The label in question; a departure is a lack of the other one.

    Returns
    -------
    array of m
        Normal deviates: entry j is about the first j + 1 rows. The count of the other label is held against the Poisson
        distribution that the rule expects, exactly, as a normal approximation fails where few are expected; then it is
        scaled by the error that the fitted curve adds or takes away (a score test).

    References
    ----------
    Cox & Hinkley, Theoretical Statistics (1974), section 9.3: score tests with nuisance parameters.

    Examples
    --------
    >>> numbers, labels = np.linspace(-2, 2, 400), (np.arange(400) % 4 < 2).astype(float)
    >>> labels[380:] = 1.0
    >>> departures = measure_departures(fit_smooth_rule(numbers, labels), np.argsort(-numbers), labels, 1.0)
    >>> round(float(departures[19]), 1)
    3.4
    """
    chances = rule.chances[order]
    others = np.cumsum(labels[order] != label)
    expected = np.cumsum(1 - chances if label == 1 else chances)
    noise = chances * (1 - chances)
    pull = np.cumsum(noise[:, None] * rule.design[order], axis=0)
    variance = np.cumsum(noise)
    fitted = np.einsum("ij,jk,ik->i", pull, rule.covariance, pull)
    left = np.maximum(variance + fitted * (1 - 2 * rule.fitted_share), 1e-9)
    exact = -scipy.special.ndtri(np.maximum(scipy.special.pdtr(others, expected), 1e-300))
    return np.asarray(np.clip(exact, -40, 40) * np.sqrt(variance / left))


@dataclass(frozen=True, eq=False)
class Expectation:
    """What a smooth rule of some numbers expects of rows of other values.

    Parameters
    ----------
    log_odds : array of m
        Of a positive label, for each row.
    design : array of m by k
        The curve's columns at the values.
    covariance : array of k by k
        Of the curve's coefficients.
    """

    log_odds: Floats
    design: Floats
    covariance: Floats

    def share(self, label: float) -> float:
        """The share of the label that is expected of the rows."""
        return float(np.mean(scipy.special.expit(self.log_odds * (1 if label == 1 else -1))))

    def find_chance(self, label: float, others: int, odds: float, alien: tuple[int, float] = (0, 0.0)) -> float:
        """The chance that so few of the rows, or fewer, have another label than the one in question.

        So many times the odds of the rule are no departure yet. `alien`: so many of the rows are there by chance, and
        so many of the other label among them are expected, whatever the rule says. The count is Poisson's, as in
        `measure_departures`; it is averaged over where the curve may lie at the values by its own error, which is
        large where it goes beyond its numbers.
        """
        weight = max(len(self.log_odds) - alien[0], 0) / len(self.log_odds)
        log_odds = self.log_odds * (1 if label == 1 else -1) + np.log(odds)
        errors = np.sqrt(np.einsum("ij,jk,ik->i", self.design, self.covariance, self.design))
        expected = scipy.special.expit(-(log_odds + _PLACES[:, None] * errors)).sum(axis=1)
        chances = scipy.special.pdtr(others, weight * expected + alien[1])
        return float(chances @ scipy.stats.norm.pdf(_PLACES) / scipy.stats.norm.pdf(_PLACES).sum())


def expect_values(numbers: Floats, labels: Floats, values: Floats) -> Expectation:
    """What a smooth rule of numbers expects of other rows.

    Parameters
    ----------
    numbers, labels : arrays of n
        The rows of the rule: finite numbers, and 0 or 1.
    values : array of m
        Those of the other rows.

    Examples
    --------
    >>> numbers, labels = np.linspace(-2, 2, 400), (np.arange(400) % 4 < 2).astype(float)
    >>> expected = expect_values(numbers, labels, np.full(30, 0.5))
    >>> [f"{expected.find_chance(1.0, others, odds=1.0):.2g}" for others in (0, 15)]
    ['4.6e-07', '0.56']
    """
    ordered = np.sort(numbers)
    place = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2
    shares = np.clip(place / len(ordered), 0.5 / len(ordered), 1 - 0.5 / len(ordered))
    rule = fit_smooth_rule(numbers, labels)
    design = design_spline(scipy.special.ndtri(shares), len(numbers))
    return Expectation(design @ rule.coefficients, design, rule.covariance)


def chance_of_largest(deviate: float, least_share: float) -> float:
    """The chance that the largest of the deviates at all limits of a number reaches a value.

    Parameters
    ----------
    deviate : float
        The largest departure, as a normal deviate.
    least_share : float
        The smallest group, as a share of the rows; the largest is all but as many.

    Returns
    -------
    float
        One-sided.

    References
    ----------
    Miller & Siegmund, Maximally selected chi square statistics, Biometrics 38 (1982), 1011-1016.

    Examples
    --------
    >>> round(chance_of_largest(4.0, 0.01), 4)
    0.0024
    """
    if deviate < 1:
        return 1.0
    density = float(scipy.stats.norm.pdf(deviate))
    span = 2 * np.log((1 - least_share) / least_share)
    two_sided = 4 * density / deviate + density * (deviate - 1 / deviate) * span
    return float(min(two_sided / 2, 1.0))
