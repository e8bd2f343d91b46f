"""Ranking: KS, Gini, capture and lift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats, Integers
from tasks.statistics.counted_auc import Auc
from tasks.statistics.counted_labels import CountedLabels, follow_scores

DEPTHS = (0.05, 0.10, 0.20, 0.30, 0.50)


@dataclass(frozen=True)
class Gini:
    """The Gini coefficient with its interval."""

    value: float
    low: float
    high: float


def measure_ks(counted: CountedLabels) -> tuple[float, float]:
    """The Kolmogorov-Smirnov distance of the scores of the two labels, and the score at which it is greatest.

    Parameters
    ----------
    counted : CountedLabels
        The labels by score; both occur.

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
    >>> measure_ks(CountedLabels(np.array([0.1, 0.35, 0.4, 0.8]), np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0])))
    (0.5, 0.1)
    """
    n, m = counted.positive.sum(), counted.negative.sum()
    greatest, at = -1.0, np.nan
    for scores, positive, negative in counted.accumulate():
        apart = np.abs(positive / n - negative / m)
        best = int(np.argmax(apart))
        if apart[best] > greatest:
            greatest, at = float(apart[best]), float(scores[best])
    return greatest, at


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


def measure_capture(counted: CountedLabels, *, is_positive: bool, depths: tuple[float, ...] = DEPTHS) -> list[Capture]:
    """The cumulative share of what is looked for, by the share of the rows that is taken.

    Parameters
    ----------
    counted : CountedLabels
        The labels by score.
    is_positive : bool
        Whether the positive rows are looked for, and those with the highest scores taken first; else the negative ones,
        from the lowest score on. Of equal scores a part is taken, as if drawn at random.
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
    >>> counted = CountedLabels(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 0, 0, 1]), np.array([0, 1, 1, 0]))
    >>> measure_capture(counted, is_positive=True, depths=(0.5,))
    [Capture(depth=0.5, captured=0.5, lift=1.0)]
    """
    positive, negative = int(counted.positive.sum()), int(counted.negative.sum())
    if not (positive if is_positive else negative):
        return []

    def measure_way(some: Integers, others: Integers) -> Floats:
        return np.asarray((some + others) / (positive + negative))

    shares = follow_scores(counted, measure_way, np.array(depths), from_highest=is_positive)[0 if is_positive else 1]
    return [Capture(depth, float(share), float(share) / depth) for depth, share in zip(depths, shares, strict=True)]
