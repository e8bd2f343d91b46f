"""Has a distribution changed? Two windows compared by their counts alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Counts, Floats

# Below this expected count the normal approximation of a cell is not trusted (Cochran's rule).
LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class DistributionChange:
    """How far two distributions differ.

    Parameters
    ----------
    effect
        0 for equal and 1 for disjoint windows.
    standard_error
        Of the effect.
    p_value
        That of no difference.
    place
        The line between bins, or the level, that changed most.
    """

    effect: float
    standard_error: float
    p_value: float
    place: int


def bound_standard_error(reference_rows: float, current_rows: float) -> float:
    """The largest standard error that the difference of two shares can have: 0.5·√(1/n + 1/m).

    Parameters
    ----------
    reference_rows, current_rows : float
        n and m, above 0.

    Returns
    -------
    float
        Between 0 and 0.71.

    Examples
    --------
    >>> round(bound_standard_error(400, 100), 4)
    0.0559
    """
    return float(0.5 * np.sqrt(1 / reference_rows + 1 / current_rows))


def compare_ordered(reference: Counts | Floats, current: Counts | Floats) -> DistributionChange:
    """Anderson and Darling's two-sample test on the counts of ordered bins.

    Parameters
    ----------
    reference, current : arrays of k
        The rows per bin; each window holds a row at least. Rows that belong together count for less than one each
        (Rao & Scott, Biometrics 48, 1992).

    Returns
    -------
    DistributionChange
        The effect is the largest difference between the shares of the two windows beyond one line between neighbouring
        bins (Kolmogorov and Smirnov's D on the bins); `place` is that line, 0 between the first two bins.

    Notes
    -----
    The statistic is the sum over lines of the squared standardised differences. Without a change it is a weighted sum
    of chi-squares with known correlations, however many values are tied. Lines with fewer than five expected rows on
    one side are left out of the test.

    References
    ----------
    Anderson & Darling, Annals of Mathematical Statistics 23 (1952): the statistic. Liu, Tang & Zhang, Computational
    Statistics & Data Analysis 53 (2009): its tail.

    Examples
    --------
    >>> compared = compare_ordered(np.array([50, 30, 20]), np.array([30, 40, 30]))
    >>> round(compared.effect, 2), compared.place, round(compared.p_value, 3)
    (0.2, 0, 0.008)
    """
    n, m = float(reference.sum()), float(current.sum())
    shares = np.cumsum(reference) / n, np.cumsum(current) / m
    difference = np.asarray(shares[0] - shares[1], dtype=np.float64)[:-1]
    standard_error = bound_standard_error(n, m)
    if not len(difference):
        return DistributionChange(0.0, standard_error, 1.0, 0)
    pooled = np.asarray(np.cumsum(reference + current)[:-1] / (n + m), dtype=np.float64)
    place = int(np.argmax(np.abs(difference)))
    is_tested = np.minimum(pooled, 1 - pooled) * min(n, m) >= LEAST_EXPECTED
    p_value = _test_lines(difference[is_tested], pooled[is_tested], 1 / n + 1 / m)
    return DistributionChange(float(abs(difference[place])), standard_error, p_value, place)


def _test_lines(difference: Floats, pooled: Floats, inverse_rows: float) -> float:
    """The p value of the differences at the lines between bins; 1 without a line."""
    if not len(difference):
        return 1.0
    statistic = float(np.sum(difference**2 / (pooled * (1 - pooled) * inverse_rows)))
    odds = np.sqrt(pooled / (1 - pooled))
    correlation = np.minimum.outer(odds, odds) / np.maximum.outer(odds, odds)
    return chance_of_weighted_chi_square(statistic, correlation)


def chance_of_weighted_chi_square(statistic: float, correlation: Floats) -> float:
    """P(sum of squares of standard normals with this correlation matrix ≥ statistic).

    Parameters
    ----------
    statistic : float
        The sum, at least 0.
    correlation : array of k by k
        Symmetric; its trace is above 0.

    Returns
    -------
    float
        0 to 1.

    Notes
    -----
    A four-moment approximation by a chi-square. For central chi-squares its skewness squared never exceeds its
    kurtosis, so that no non-centrality is left.

    References
    ----------
    Liu, Tang & Zhang, Computational Statistics & Data Analysis 53 (2009).

    Examples
    --------
    >>> round(chance_of_weighted_chi_square(5.991, np.eye(2)), 3)  # independent: a chi-square
    0.05
    """
    squared = correlation @ correlation
    mean, second = float(np.trace(correlation)), float(np.trace(squared))
    third = float(np.sum(squared * correlation.T))
    skewness = third / second**1.5
    freedom = 1 / skewness**2
    standardised = (statistic - mean) / np.sqrt(2 * second)
    return float(scipy.special.chdtrc(freedom, max(standardised * np.sqrt(2 * freedom) + freedom, 0.0)))


def compare_levels(reference: Counts | Floats, current: Counts | Floats) -> DistributionChange:
    """Pearson's chi-square test on the counts of unordered levels, the rare ones pooled.

    Parameters
    ----------
    reference, current : arrays of k
        The rows per level; each window holds a row at least. Rows that belong together count for less than one each.

    Returns
    -------
    DistributionChange
        The effect is the total variation distance of the pooled levels: the share of rows that would have to change
        level. `place` is the level whose share changed most.

    Notes
    -----
    Levels with fewer than five expected rows are pooled. The standard error is at least what chance alone makes of the
    distance with so many levels.

    References
    ----------
    Pearson, Philosophical Magazine 50 (1900). Cochran, Biometrics 10 (1954): the least expected count.

    Examples
    --------
    >>> compared = compare_levels(np.array([50, 30, 20]), np.array([30, 30, 40]))
    >>> round(compared.effect, 2), round(compared.p_value, 3)
    (0.2, 0.003)
    """
    n, m = float(reference.sum()), float(current.sum())
    change = current / m - reference / n
    place = int(np.argmax(np.abs(change))) if len(change) else 0
    pooled_reference, pooled_current = _pool_rare_levels(reference, current)
    total = pooled_reference + pooled_current
    expected_current = total * m / (n + m)
    expected_reference = total - expected_current
    statistic = np.sum((pooled_current - expected_current) ** 2 * (1 / expected_current + 1 / expected_reference))
    p_value = float(scipy.special.chdtrc(len(total) - 1, statistic)) if len(total) > 1 else 1.0
    effect = float(np.sum(np.abs(pooled_current / m - pooled_reference / n)) / 2)
    share = np.clip(total / (n + m), 0, 1)  # sums of parts of rows may end a last bit above the whole
    by_chance = float(np.sum(np.sqrt(2 / np.pi * share * (1 - share) * (1 / n + 1 / m))) / 2)
    return DistributionChange(effect, max(bound_standard_error(n, m), by_chance), p_value, place)


def _pool_rare_levels(reference: Counts | Floats, current: Counts | Floats) -> tuple[Floats, Floats]:
    """Levels with too few expected rows become one; if that one is still rare, it joins the rarest other level."""
    n, m = reference.sum(), current.sum()
    total = reference + current
    expected = total * min(n, m) / (n + m)
    order = np.argsort(-expected, kind="stable")
    kept = int(np.sum(expected >= LEAST_EXPECTED))
    rest = order[kept:]
    if kept and expected[rest].sum() < LEAST_EXPECTED:
        kept -= 1
    group = np.minimum(np.argsort(order, kind="stable"), kept)
    pooled_reference = np.bincount(group, weights=reference).astype(np.float64)
    pooled_current = np.bincount(group, weights=current).astype(np.float64)
    is_used = pooled_reference + pooled_current > 0
    return pooled_reference[is_used], pooled_current[is_used]
