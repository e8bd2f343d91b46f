"""Has a share changed? Two proportions, values that are new, and the correction for many tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Counts, Floats
from tasks.statistics.distributions import LEAST_EXPECTED

# Rows of new levels beyond this many are not told apart: the chance is then bounded from above.
_MOST_ROWS = 1_000
# SciPy's binomial law does not take probabilities that are smaller still.
_LEAST_CHANCE = 1e-300


@dataclass(frozen=True)
class ShareChange:
    """Two shares compared.

    Parameters
    ----------
    reference, current
        The shares, 0 to 1.
    change
        Current less reference.
    standard_error
        Of the change.
    p_value
        That of no change, two-sided.
    """

    reference: float
    current: float
    change: float
    standard_error: float
    p_value: float


def compare_shares(reference: tuple[float, float], current: tuple[float, float]) -> ShareChange:
    """Two proportions: two-sided test of equality.

    Parameters
    ----------
    reference, current : tuple of float
        Rows that have it, and all rows (above 0). Rows that belong together count for less than one each: see
        `divide_counts`.

    Returns
    -------
    ShareChange
        The change from reference to current.

    Notes
    -----
    The pooled z test, or Fisher's exact test where an expected count is below five. The standard error is the unpooled
    one.

    Examples
    --------
    >>> change = compare_shares((50, 100), (70, 100))
    >>> round(change.change, 2), round(change.p_value, 4)
    (0.2, 0.0039)
    """
    (a, n), (b, m) = reference, current
    before, now, pooled = a / n, b / m, (a + b) / (n + m)
    variance = before * (1 - before) / n + now * (1 - now) / m
    if min(pooled, 1 - pooled) * min(n, m) < LEAST_EXPECTED:
        table = np.rint([[a, n - a], [b, m - b]]).astype(np.int64)
        p_value = float(scipy.stats.fisher_exact(table).pvalue)
    else:
        z = (now - before) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        p_value = float(2 * scipy.special.ndtr(-abs(z)))
    return ShareChange(before, now, now - before, float(np.sqrt(variance)), min(p_value, 1.0))


def divide_counts(counts: tuple[float, float], design_effect: float) -> tuple[float, float]:
    """Rows that have it, and all rows, as so many independent ones.

    Parameters
    ----------
    counts : tuple of float
    design_effect : float
        How many rows are worth one independent row, at least 1.

    Returns
    -------
    tuple of float
        Their quotient is the same share.

    References
    ----------
    Rao & Scott, Biometrics 48 (1992): a simple method for the analysis of clustered binary data.

    Examples
    --------
    >>> divide_counts((20, 100), 2.0)
    (10.0, 50.0)
    """
    return float(counts[0] / design_effect), float(counts[1] / design_effect)


def chance_beyond_range(beyond: int, reference_rows: int, current_rows: int) -> float:
    """P(at least so many current rows outside the range of the reference rows), both drawn from one distribution.

    Parameters
    ----------
    beyond : int
        Current rows below or above all reference rows.
    reference_rows, current_rows : int
        Rows of the two windows, at least 1.

    Returns
    -------
    float
        0 to 1.

    Notes
    -----
    Exact for continuous values, conservative with ties: the current rows below and above the reference are those in two
    of the gaps between reference rows, so that among the first `beyond` + 1 rows of a random order at most one comes
    from the reference (a hypergeometric tail).

    References
    ----------
    David & Nagaraja, Order Statistics (2003): exceedances.

    Examples
    --------
    >>> round(chance_beyond_range(1, 1, 1), 6), round(chance_beyond_range(10, 1_000, 1_000), 4)
    (1.0, 0.0058)
    """
    if beyond == 0:
        return 1.0
    first = np.array([min(beyond + 1, reference_rows + current_rows)])
    return float(chance_of_one_at_most(first, reference_rows, current_rows)[0])


def chance_of_one_at_most(first: Counts, reference_rows: int, current_rows: int) -> Floats:
    """P(at most one row of the reference among so many first rows of a random order of both windows).

    Parameters
    ----------
    first : array of int
        How many first rows, 1 to the rows of both windows.
    reference_rows, current_rows : int
        Rows of the two windows, at least 1.

    Returns
    -------
    array
        One probability for each entry of `first`.

    Examples
    --------
    >>> chance_of_one_at_most(np.array([1, 2, 3]), 2, 2).round(4)
    array([1.    , 0.8333, 0.5   ])
    """
    n, m = reference_rows, current_rows
    none = np.where(first <= m, np.exp(_log_chance_all_current(np.minimum(first, m), n, m)), 0.0)
    others = np.minimum(first - 1, m)
    one = n * first / (n + m - first + 1) * np.exp(_log_chance_all_current(others, n, m))
    return np.asarray(none + np.where(first - 1 <= m, one, 0.0))


def usual_new_share(counts: Counts) -> tuple[float, float]:
    """The share of rows with a new level that a further sample of the same kind shows, and its standard error.

    Parameters
    ----------
    counts : array of k
        The rows of each level of a sample; at least one row in all.

    Returns
    -------
    tuple of float
        Both 0 to 1; both 0 where no level was met once or twice.

    Notes
    -----
    A level is new about as often as a level was met once.

    References
    ----------
    Good, Biometrika 40 (1953): the estimate. Esty, Annals of Statistics 11 (1983): its standard error.

    Examples
    --------
    >>> share, error = usual_new_share(np.array([1, 1, 2, 96]))
    >>> share, round(error, 3)
    (0.02, 0.02)
    """
    rows = int(counts.sum())
    once, twice = int(np.sum(counts == 1)), int(np.sum(counts == 2))
    return once / rows, float(np.sqrt(once * (1 - once / rows) + 2 * twice) / rows)


def chance_of_new_levels(reference: Counts, current: Counts) -> float:
    """P(at least so many current rows with a level that the reference lacks), both drawn from one distribution.

    Parameters
    ----------
    reference, current : arrays of k
        The rows per level, over the levels of both windows.

    Returns
    -------
    float
        0 to 1.

    Notes
    -----
    A level with t rows in all is missing from the reference with the probability that all of them fall into the current
    window (hypergeometric); levels are treated as independent. So a column in which nearly every value is unique raises
    no alarm.

    Examples
    --------
    >>> round(chance_of_new_levels(np.array([500, 500, 0]), np.array([500, 490, 10])), 4)
    0.001
    """
    observed = int(current[reference == 0].sum())
    if observed == 0:
        return 1.0
    sizes, levels = np.unique(reference + current, return_counts=True)
    m = int(current.sum())
    is_possible = (sizes > 0) & (sizes <= m)
    sizes, levels = sizes[is_possible], levels[is_possible]
    chance = np.exp(_log_chance_all_current(sizes, int(reference.sum()), m))
    chance[chance < _LEAST_CHANCE] = 0.0
    mean = float(np.sum(levels * sizes * chance))
    if mean > _MOST_ROWS / 10:
        deviation = np.sqrt(np.sum(levels * sizes**2 * chance * (1 - chance)))
        return float(scipy.special.ndtr((mean + 0.5 - observed) / deviation)) if deviation > 0 else 1.0
    return _tail_of_sum(sizes, levels, chance, min(observed, _MOST_ROWS))


def _log_chance_all_current(sizes: Counts, n: int, m: int) -> Floats:
    """The logarithm of P(all rows of a level of that size are among the current m of n + m rows)."""
    log_ways = scipy.special.gammaln(m + 1) - scipy.special.gammaln(m - sizes + 1)
    return np.asarray(log_ways - scipy.special.gammaln(n + m + 1) + scipy.special.gammaln(n + m - sizes + 1))


def _tail_of_sum(sizes: Counts, levels: Counts, chance: Floats, least: int) -> float:
    """P(sum of sizes × Binomial(levels, chance) ≥ least), with every sum from `least` on as one state."""
    states = np.zeros(least + 1)
    states[0] = 1.0
    for size, count, share in zip(sizes, levels, chance, strict=True):
        most = min(int(count), -(-least // int(size)))
        weights = scipy.stats.binom.pmf(np.arange(most + 1), count, share)
        weights[most] = scipy.stats.binom.sf(most - 1, count, share)
        moved = np.zeros_like(states)
        for number in np.flatnonzero(weights > 0):
            step = min(int(number * size), least)
            moved[step:] += weights[number] * states[: least + 1 - step]
            moved[least] += weights[number] * states[least + 1 - step :].sum()
        states = moved
    return float(min(states[least], 1.0))


def correct_by_holm(p_values: Floats, weights: Floats | None = None) -> Floats:
    """Adjusted p values: below the level, a false alarm among all tests is that unlikely.

    Parameters
    ----------
    p_values : array of k
        In any order.
    weights : array of k, optional
        A test's share of the level is as its weight is to all weights, above 0; by default all shares are equal.

    Returns
    -------
    array of k
        In the given order, at most 1.

    References
    ----------
    Holm, Scandinavian Journal of Statistics 6 (1979).

    Examples
    --------
    >>> correct_by_holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    count = len(p_values)
    weights = np.ones(count) if weights is None else weights
    order = np.argsort(p_values / weights, kind="stable")
    weighed = weights[order]
    left = np.cumsum(weighed[::-1])[::-1]
    adjusted = np.maximum.accumulate(left / weighed * p_values[order])
    corrected = np.empty(count)
    corrected[order] = np.minimum(adjusted, 1.0)
    return corrected
