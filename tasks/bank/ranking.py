"""Ranking: KS, Gini, capture and lift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats, Mask
from tasks.statistics.counted_auc import Auc

DEPTHS = (0.05, 0.10, 0.20, 0.30, 0.50)


@dataclass(frozen=True)
class Gini:
    """The Gini coefficient with its interval."""

    value: float
    low: float
    high: float


def measure_ks(labels: Floats, scores: Floats) -> tuple[float, float]:
    """The Kolmogorov-Smirnov distance of the scores of the two labels, and the score at which it is greatest.

    Parameters
    ----------
    labels : array of n
        0 or 1; both occur.
    scores : array of n
        Without NaN.

    Returns
    -------
    tuple of float
        The distance, 0 to 1: the largest difference of the shares of the two labels with at most one score; and that
        score.

    References
    ----------
    Thomas, Edelman & Crook, Credit Scoring and Its Applications (2002), chapter 7.

    Examples
    --------
    >>> measure_ks(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    (0.5, 0.1)
    """
    held, place = np.unique(scores, return_inverse=True)
    positive = np.bincount(place, weights=labels)
    negative = np.bincount(place, weights=1 - labels)
    apart = np.abs(np.cumsum(positive) / positive.sum() - np.cumsum(negative) / negative.sum())
    best = int(np.argmax(apart))
    return float(apart[best]), float(held[best])


def find_gini(auc: Auc, confidence: float) -> Gini:
    """The Gini coefficient, 2 AUC − 1, with twice the reach of DeLong's interval.

    Parameters
    ----------
    auc : Auc
        With its variance.
    confidence : float
        Of the interval, between 0 and 1.

    References
    ----------
    Engelmann, Hayden & Tasche, Testing rating accuracy, Risk 16 (2003): the accuracy ratio is 2 AUC − 1.

    Examples
    --------
    >>> gini = find_gini(Auc(0.8, 0.0001), 0.95)
    >>> round(gini.value, 4), round(gini.low, 4), round(gini.high, 4)
    (0.6, 0.5608, 0.6392)
    """
    value = 2 * auc.value - 1
    reach = 2 * float(scipy.stats.norm.ppf((1 + confidence) / 2)) * auc.variance**0.5
    return Gini(value, max(value - reach, -1.0), min(value + reach, 1.0))


@dataclass(frozen=True)
class Capture:
    """How many of the rows that are looked for lie among the first by the score.

    Parameters
    ----------
    depth
        The share of the rows that is taken, from the side of the score where they are expected.
    captured
        The share of the rows looked for that is among them.
    lift
        That share over the depth: how many times as many as in a random choice.
    """

    depth: float
    captured: float
    lift: float


def measure_capture(is_wanted: Mask, order: Floats, depths: tuple[float, ...] = DEPTHS) -> list[Capture]:
    """The cumulative share of what is looked for, by the share of the rows that is taken.

    Parameters
    ----------
    is_wanted : array of n
        Which rows are looked for.
    order : array of n
        Rows with the highest number are taken first; of equal ones a part, as if drawn at random.
    depths : tuple of float
        The shares of the rows.

    Returns
    -------
    list of Capture
        Empty where none is looked for.

    References
    ----------
    Siddiqi, Credit Risk Scorecards (2006), chapter 6: lift and the cumulative accuracy profile.

    Examples
    --------
    >>> measure_capture(np.array([True, False, False, True]), np.array([4.0, 3.0, 2.0, 1.0]), (0.5,))
    [Capture(depth=0.5, captured=0.5, lift=1.0)]
    """
    if not is_wanted.any():
        return []
    _, place = np.unique(-order, return_inverse=True)
    rows = np.append(0.0, np.cumsum(np.bincount(place))) / len(order)
    wanted = np.append(0.0, np.cumsum(np.bincount(place, weights=is_wanted))) / float(is_wanted.sum())
    shares = np.interp(depths, rows, wanted)
    return [Capture(depth, float(share), float(share) / depth) for depth, share in zip(depths, shares, strict=True)]
