"""Area under the ROC curve: its value, its uncertainty, and its expectation where labels are still missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats


@dataclass(frozen=True)
class Auc:
    """An area and the variance of its estimate."""

    value: float
    variance: float


def measure_auc(labels: Floats, scores: Floats) -> Auc:
    """The area and its variance; labels are 0 or 1 and both occur. Tied scores count one half.

    The variance is that of DeLong, DeLong & Clarke-Pearson 1988. Where the labels are parted without an overlap it is
    zero; then the variance of one misplaced row stands in for it.
    """
    _, place = np.unique(scores, return_inverse=True)
    positive, negative = np.bincount(place, weights=labels), np.bincount(place, weights=1 - labels)
    return measure_counted_auc(positive.astype(float), negative.astype(float))


def measure_counted_auc(positive: Floats, negative: Floats) -> Auc:
    """The same from the positive and the negative rows at each score, the lowest score first."""
    n, m = positive.sum(), negative.sum()
    # A positive row's share of negative rows below it, a negative row's share of positive rows above it.
    above = (np.cumsum(negative) - negative / 2) / m
    below = 1 - (np.cumsum(positive) - positive / 2) / n
    value = float(positive @ above / n)
    variance = _counted_variance(above, positive) + _counted_variance(below, negative)
    return Auc(value, max(variance, float(n * m) ** -2))


def compare_paired_auc(labels: Floats, a: Floats, b: Floats, confidence: float) -> tuple[float, float, float]:
    """The area of scores `a` less that of scores `b` on the same rows, and the ends of its confidence interval.

    Labels are 0 or 1 and both occur. DeLong, DeLong & Clarke-Pearson 1988: what the two areas share row by row cancels
    out, so that the interval is far narrower than that of two independent areas. Equal rankings give (0, 0, 0).
    """
    above_a, below_a = _place(labels, a)
    above_b, below_b = _place(labels, b)
    above, below = above_a - above_b, below_a - below_b
    difference = float(above.mean())
    if not above.any() and not below.any():
        return difference, difference, difference
    reach = scipy.stats.norm.ppf((1 + confidence) / 2) * np.sqrt(_variance_of_mean(above) + _variance_of_mean(below))
    return difference, float(difference - reach), float(difference + reach)


def _place(labels: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """For each positive row the share of negative rows below it, for each negative row that of positive ones above."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    n, m = len(positive), len(negative)
    ranks = scipy.stats.rankdata(np.concatenate([positive, negative]))
    return (ranks[:n] - scipy.stats.rankdata(positive)) / m, 1 - (ranks[n:] - scipy.stats.rankdata(negative)) / n


def _counted_variance(values: Floats, rows: Floats) -> float:
    """The variance of the mean of values that occur in so many rows."""
    count = float(rows.sum())
    if count < 2:
        return 0.25
    mean = rows @ values / count
    return float(rows @ (values - mean) ** 2 / (count - 1) / count)


def _variance_of_mean(values: Floats) -> float:
    return float(np.var(values, ddof=1) / len(values)) if len(values) > 1 else 0.25


def null_variance(labels: Floats, scores: Floats) -> float:
    """The variance of the area where scores say nothing: Mann and Whitney's, corrected for ties."""
    n, m = int(np.sum(labels == 1)), int(np.sum(labels == 0))
    _, ties = np.unique(scores, return_counts=True)
    rows = n + m
    tied = float(np.sum(ties.astype(float) ** 3 - ties)) / (rows * (rows - 1))
    return (rows + 1 - tied) / (12 * n * m)


def expect_auc(chances: Floats, scores: Floats, weights: Floats | None = None) -> float:
    """The area to be expected where row i is positive with the chance p_i: Σ p_i (1-p_j) [s_i > s_j] ÷ Σp Σ(1-p).

    With labels of 0 and 1 as chances it is the area itself, with `weights` the weighted one.
    NannyML's confidence-based performance estimation uses the same expectation.
    """
    rows = np.ones(len(scores)) if weights is None else weights
    _, place = np.unique(scores, return_inverse=True)
    positive = np.bincount(place, weights=rows * chances)
    negative = np.bincount(place, weights=rows * (1 - chances))
    beaten = np.cumsum(negative) - negative / 2
    return float(np.sum(positive * beaten) / (positive.sum() * negative.sum()))
