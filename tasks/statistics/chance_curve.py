"""The chance of a positive label by the score: a smooth curve where the labels keep to it, else the counted shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats, Integers
from tasks.statistics.regression import LogisticFit, fit_logistic
from tasks.statistics.score_bins import ScoreBins
from tasks.statistics.smooth import design_spline

# The shares have no bias whatever the form; the curve has less noise. Borderline cases get the shares.
FIT_LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class ChanceCurve:
    """Chances by bins of the score, and how they depend on the labels.

    Parameters
    ----------
    chances : array of b
        The probability of the positive label in each bin.
    noise : array of b
        The variance of the number of positive labels in each bin.
    slopes : array of b by b
        What one more positive label in bin c adds to the chance in bin b, at [b, c].
    is_smooth
        Whether the chances are those of the curve.
    """

    chances: Floats
    noise: Floats
    slopes: Floats
    is_smooth: bool


def fit_chances(bins: ScoreBins) -> ChanceCurve:
    """The chances in bins by a natural cubic spline of the score's rank, if that fits; else each bin's share.

    Parameters
    ----------
    bins : ScoreBins
        Both labels occur.

    Returns
    -------
    ChanceCurve

    Notes
    -----
    Pearson's test of the fit, at 5 %, decides. A departure that it does not detect is within the noise of the shares.
    A bin without one of the labels is not free of noise: shares borrow that of their neighbours.

    References
    ----------
    Harrell, Regression Modeling Strategies, 2nd edition (2015), section 2.4: restricted cubic splines. Pearson,
    Philosophical Magazine 50 (1900).

    Examples
    --------
    >>> rows, chances = np.full(20, 400), np.linspace(0.1, 0.9, 20)
    >>> fit_chances(ScoreBins(np.arange(20.0), rows, np.rint(rows * chances).astype(int))).is_smooth
    True
    >>> fit_chances(ScoreBins(np.arange(20.0), rows, np.repeat([40, 360], 10))).is_smooth
    False
    """
    rows = bins.rows.astype(np.float64)
    middles = (np.cumsum(rows) - rows / 2) / rows.sum()
    design = design_spline(scipy.special.ndtri(middles), int(rows.sum()))
    if len(rows) > design.shape[1]:
        fit = fit_logistic(design, bins.chances, weights=rows)
        noise = rows * fit.chances * (1 - fit.chances)
        if _is_fitting(bins, fit, noise):
            curvature = (fit.chances * (1 - fit.chances))[:, None]
            return ChanceCurve(fit.chances, noise, curvature * (design @ fit.covariance @ design.T), True)
    pooled = _pool_neighbours(bins.positives) / _pool_neighbours(bins.rows)
    return ChanceCurve(bins.chances, rows * pooled * (1 - pooled), np.diag(1 / rows), False)


def _is_fitting(bins: ScoreBins, fit: LogisticFit, noise: Floats) -> bool:
    squares = (bins.positives - bins.rows * fit.chances) ** 2 / np.maximum(noise, 1e-9)
    freedom = len(squares) - len(fit.coefficients)
    return float(scipy.stats.chi2.sf(squares.sum(), freedom)) > FIT_LEVEL


def _pool_neighbours(counts: Integers) -> Floats:
    """The sum of each bin and its two neighbours."""
    padded = np.pad(counts.astype(np.float64), 1)
    return np.asarray(padded[:-2] + padded[1:-1] + padded[2:])
