"""Has a distribution moved? Two windows compared by their counts alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Counts, Floats

# Below this expected count the normal approximation of a cell is not trusted (Cochran's rule).
LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class Comparison:
    """`effect` is 0 for equal and 1 for disjoint windows; `place` is the line or level that moved most."""

    effect: float
    standard_error: float
    p_value: float
    place: int


def bound_standard_error(reference_rows: int, current_rows: int) -> float:
    """The largest standard error that the difference of two shares can have: 0.5·√(1/n + 1/m)."""
    return float(0.5 * np.sqrt(1 / reference_rows + 1 / current_rows))


def compare_ordered(reference: Counts, current: Counts) -> Comparison:
    """Anderson and Darling's two-sample test on the counts of ordered bins.

    Both arrays hold the rows per bin; both windows hold a row at least. There is a line between each two neighbouring
    bins. The effect is the largest difference between the shares of the two windows beyond one line (Kolmogorov and
    Smirnov's D on the bins); `place` is that line, 0 between the first two bins. The test statistic is the sum over
    lines of the squared standardised differences, which under no change is a weighted sum of chi-squares with known
    correlations, however many values are tied. Lines with too few rows on one side are left out of the test.
    Source: Anderson & Darling 1952 (the statistic); Liu, Tang & Zhang 2009 (its tail).
    """
    n, m = int(reference.sum()), int(current.sum())
    difference = (np.cumsum(reference) / n - np.cumsum(current) / m)[:-1]
    standard_error = bound_standard_error(n, m)
    if not len(difference):
        return Comparison(0.0, standard_error, 1.0, 0)
    pooled = np.cumsum(reference + current)[:-1] / (n + m)
    place = int(np.argmax(np.abs(difference)))
    is_tested = np.minimum(pooled, 1 - pooled) * min(n, m) >= LEAST_EXPECTED
    p_value = _test_lines(difference[is_tested], pooled[is_tested], 1 / n + 1 / m)
    return Comparison(float(abs(difference[place])), standard_error, p_value, place)


def _test_lines(difference: Floats, pooled: Floats, inverse_rows: float) -> float:
    if not len(difference):
        return 1.0
    statistic = float(np.sum(difference**2 / (pooled * (1 - pooled) * inverse_rows)))
    odds = np.sqrt(pooled / (1 - pooled))
    correlation = np.minimum.outer(odds, odds) / np.maximum.outer(odds, odds)
    return chance_of_weighted_chi_square(statistic, correlation)


def chance_of_weighted_chi_square(statistic: float, correlation: Floats) -> float:
    """P(sum of squares of standard normals with this correlation matrix ≥ statistic).

    Four-moment approximation by a chi-square: Liu, Tang & Zhang, Computational Statistics & Data Analysis 53 (2009).
    For central chi-squares its skewness squared never exceeds its kurtosis, so that no non-centrality is left.
    """
    squared = correlation @ correlation
    mean, second = float(np.trace(correlation)), float(np.trace(squared))
    third = float(np.sum(squared * correlation.T))
    skewness = third / second**1.5
    freedom = 1 / skewness**2
    standardised = (statistic - mean) / np.sqrt(2 * second)
    return float(scipy.special.chdtrc(freedom, max(standardised * np.sqrt(2 * freedom) + freedom, 0.0)))


def compare_levels(reference: Counts, current: Counts) -> Comparison:
    """Pearson's chi-square test on the counts of unordered levels, the rare ones pooled.

    The effect is the total variation distance of the pooled levels: the share of rows that would have to change level.
    It gives back, as its standard error, at least what chance alone would show with so many levels. `place` is the
    level whose share moved most.
    """
    n, m = int(reference.sum()), int(current.sum())
    change = current / m - reference / n
    place = int(np.argmax(np.abs(change))) if len(change) else 0
    pooled_reference, pooled_current = _pool_rare_levels(reference, current)
    total = pooled_reference + pooled_current
    expected_current = total * m / (n + m)
    expected_reference = total - expected_current
    statistic = np.sum((pooled_current - expected_current) ** 2 * (1 / expected_current + 1 / expected_reference))
    p_value = float(scipy.special.chdtrc(len(total) - 1, statistic)) if len(total) > 1 else 1.0
    effect = float(np.sum(np.abs(pooled_current / m - pooled_reference / n)) / 2)
    share = total / (n + m)
    by_chance = float(np.sum(np.sqrt(2 / np.pi * share * (1 - share) * (1 / n + 1 / m))) / 2)
    return Comparison(effect, max(bound_standard_error(n, m), by_chance), p_value, place)


def _pool_rare_levels(reference: Counts, current: Counts) -> tuple[Counts, Counts]:
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
    pooled_reference = np.bincount(group, weights=reference).astype(np.int64)
    pooled_current = np.bincount(group, weights=current).astype(np.int64)
    is_used = pooled_reference + pooled_current > 0
    return pooled_reference[is_used], pooled_current[is_used]
