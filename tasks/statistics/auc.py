"""The area under the ROC curve (AUC): its value, its variance, and its expectation where labels are still missing."""

from __future__ import annotations

import numpy as np
import scipy

from tasks.core.arrays import Floats
from tasks.statistics.clusters import Clusters
from tasks.statistics.counted_auc import Auc, measure_counted_auc
from tasks.statistics.counted_labels import Judged


def measure_auc(labels: Floats, scores: Floats, clusters: Clusters | None = None) -> Auc:
    """The area and its variance.

    Parameters
    ----------
    labels : array of n
        0 or 1; both occur.
    scores : array of n
        Any numbers; tied scores count one half.
    clusters : Clusters, optional
        The rows that belong together; by default every row stands alone.

    Returns
    -------
    Auc
        The share of pairs of a positive and a negative row that the scores put in the right order.

    Notes
    -----
    Where the labels are separated without an overlap the variance is zero; then that of one misplaced row stands in
    for it.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988), for the variance; Obuchowski, Biometrics 53 (1997), for that
    of rows in clusters; Sun & Xu, IEEE Signal Processing Letters 21 (2014), for computing it from ranks.

    Examples
    --------
    >>> measure_auc(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.3, 0.4, 0.8])).value
    0.75
    """
    return measure_judged_auc(Judged(labels, scores), clusters)


def measure_judged_auc(judged: Judged, clusters: Clusters | None = None) -> Auc:
    """The same of rows whose labels are counted by score, once for all figures of them.

    Examples
    --------
    >>> measure_judged_auc(Judged(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.3, 0.4, 0.8]))).value
    0.75
    """
    counted = judged.counted
    auc = measure_counted_auc(counted.positive, counted.negative)
    if clusters is None or not len(clusters.rows):
        return auc
    # What these rows add to the error of the area: `find_influence`, without the placements of all others.
    above, below = counted.place(judged.scores[clusters.rows])
    n, m = counted.positive.sum(), counted.negative.sum()
    is_positive = judged.labels[clusters.rows] == 1
    influence = np.where(is_positive, (above - auc.value) / n, (below - auc.value) / m)
    added = float(clusters.cross_held(influence[:, None])[0, 0])
    return Auc(auc.value, auc.variance + max(added, 0.0))


def find_influence(labels: Floats, scores: Floats) -> Floats:
    """What each row adds to the error of the area; the sum of their squares is the variance of independent rows.

    Parameters
    ----------
    labels : array of n
        0 or 1; both occur.
    scores : array of n
        Any numbers; tied scores count one half.

    Returns
    -------
    array of n
        They sum to 0.

    Examples
    --------
    >>> find_influence(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.3, 0.4, 0.8]))
    array([ 0.125, -0.125, -0.125,  0.125])
    """
    above, below = find_placements(labels, scores)
    influence = np.empty(len(labels))
    influence[labels == 1] = (above - above.mean()) / len(above)
    influence[labels == 0] = (below - below.mean()) / len(below)
    return influence


def compare_paired_auc(
    labels: Floats, a: Floats, b: Floats, confidence: float, clusters: Clusters | None = None
) -> tuple[float, float, float]:
    """The area of scores `a` less that of scores `b` on the same rows, with a confidence interval.

    Parameters
    ----------
    labels : array of n
        0 or 1; both occur.
    a, b : arrays of n
        Two scores of each row.
    confidence : float
        Of the interval, between 0 and 1.
    clusters : Clusters, optional
        The rows that belong together; by default every row stands alone.

    Returns
    -------
    tuple of float
        The difference and the two ends of its interval; (0, 0, 0) for equal rankings.

    Notes
    -----
    What the two areas share row by row cancels out, so that the interval is far narrower than that of two independent
    areas.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988); Obuchowski, Biometrics 53 (1997), for rows in clusters.

    Examples
    --------
    >>> compare_paired_auc(np.array([0.0, 0, 1, 1]), np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4]), 0.95)[0]
    0.25
    """
    above_a, below_a = find_placements(labels, a)
    above_b, below_b = find_placements(labels, b)
    above, below = above_a - above_b, below_a - below_b
    difference = float(above.mean())
    if not above.any() and not below.any():
        return difference, difference, difference
    variance = _variance_of_mean(above) + _variance_of_mean(below)
    if clusters is not None and len(clusters.rows):
        influence = find_influence(labels, a) - find_influence(labels, b)
        variance += max(float(clusters.cross(influence)[0, 0]), 0.0)
    reach = scipy.stats.norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    return difference, float(difference - reach), float(difference + reach)


def find_placements(labels: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """For each positive row the share of negative rows below it, for each negative row that of positive ones above.

    Parameters
    ----------
    labels : array of n
        0 or 1; both occur.
    scores : array of n
        Any numbers; tied scores count one half.

    Returns
    -------
    tuple of two arrays
        The mean of either is the area.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988): structural components.

    Examples
    --------
    >>> find_placements(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.3, 0.4, 0.8]))
    (array([0.5, 1. ]), array([1. , 0.5]))
    """
    positive, negative = scores[labels == 1], scores[labels == 0]
    n, m = len(positive), len(negative)
    ranks = scipy.stats.rankdata(np.concatenate([positive, negative]))
    return (ranks[:n] - scipy.stats.rankdata(positive)) / m, 1 - (ranks[n:] - scipy.stats.rankdata(negative)) / n


def _variance_of_mean(values: Floats) -> float:
    return float(np.var(values, ddof=1) / len(values)) if len(values) > 1 else 0.25


def null_variance(labels: Floats, scores: Floats) -> float:
    """The variance of the area where scores say nothing: Mann and Whitney's, corrected for ties.

    Parameters
    ----------
    labels : array of n
        0 or 1; both occur.
    scores : array of n
        Only their ties matter.

    Returns
    -------
    float
        0 where all scores are equal.

    References
    ----------
    Mann & Whitney, Annals of Mathematical Statistics 18 (1947).

    Examples
    --------
    >>> round(null_variance(np.array([0.0, 0, 1, 1]), np.array([1.0, 2, 3, 4])), 4)
    0.1042
    """
    n, m = int(np.sum(labels == 1)), int(np.sum(labels == 0))
    _, ties = np.unique(scores, return_counts=True)
    rows = n + m
    tied = float(np.sum(ties.astype(float) ** 3 - ties)) / (rows * (rows - 1))
    return (rows + 1 - tied) / (12 * n * m)


def expect_auc(chances: Floats, scores: Floats, weights: Floats | None = None) -> float:
    """The area to be expected where row i is positive with the probability p_i: Σ p_i (1-p_j) [s_i > s_j] ÷ Σp Σ(1-p).

    Parameters
    ----------
    chances : array of n
        The probabilities p, 0 to 1. With labels of 0 and 1 the result is the area itself.
    scores : array of n
        The scores s; tied ones count one half.
    weights : array of n, optional
        How often each row counts, above 0; by default once.

    Returns
    -------
    float
        0 to 1.

    References
    ----------
    NannyML's confidence-based performance estimation uses the same expectation.

    Examples
    --------
    >>> expect_auc(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.3, 0.4, 0.8]))
    0.75
    """
    rows = np.ones(len(scores)) if weights is None else weights
    _, place = np.unique(scores, return_inverse=True)
    positive = np.bincount(place, weights=rows * chances)
    negative = np.bincount(place, weights=rows * (1 - chances))
    beaten = np.cumsum(negative) - negative / 2
    return float(np.sum(positive * beaten) / (positive.sum() * negative.sum()))
