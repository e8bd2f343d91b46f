"""How alike the rows of one cluster are: the intraclass correlation, and the design effect that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tasks.core.arrays import Codes, Counts, Floats, Integers
from tasks.statistics.clusters import Clusters

# A level or a line with fewer rows on one side says too little about how alike rows are.
_LEAST_ROWS = 5


@dataclass(frozen=True)
class Likeness:
    """How alike two rows of one cluster are in one respect.

    Parameters
    ----------
    correlation
        The intraclass correlation: 0 where a cluster's rows are as different as any, 1 where they are equal.
    pairs
        The ordered pairs that it was measured on.
    """

    correlation: float
    pairs: int

    def design_effect(self, rows: float) -> float:
        """How many of so many rows are worth one independent row, at least 1.

        References
        ----------
        Kish, Survey Sampling (1965): 1 + (b - 1) ρ; here b - 1 are the other rows of a row's cluster, on average.

        Examples
        --------
        >>> Likeness(1.0, 300).design_effect(100)  # every row is in a cluster of four equal ones
        4.0
        """
        return 1.0 + max(self.correlation, 0.0) * self.pairs / max(rows, 1.0)


INDEPENDENT = Likeness(0.0, 0)


def pool_likeness(first: Likeness, second: Likeness) -> tuple[Likeness, Likeness]:
    """Both with the correlation of both samples' pairs together: a small window alone knows it badly.

    Examples
    --------
    >>> pool_likeness(Likeness(0.5, 300), Likeness(0.1, 100))[1]
    Likeness(correlation=0.4, pairs=100)
    """
    pairs = first.pairs + second.pairs
    common = (first.correlation * first.pairs + second.correlation * second.pairs) / max(pairs, 1)
    return replace(first, correlation=common), replace(second, correlation=common)


def measure_likeness(clusters: Clusters, codes: Integers | Codes, counts: Counts, *, is_ordered: bool) -> Likeness:
    """How alike two rows of one cluster are in the levels of one column.

    Parameters
    ----------
    clusters : Clusters
    codes : array of n
        The level of each row, from 0; rows below 0 have no value.
    counts : array of k
        The rows of each level.
    is_ordered : bool
        Whether the levels have an order: then the lines between them count, else the levels.

    Returns
    -------
    Likeness
        The mean of the intraclass correlations of the indicators "beyond the line", or "of the level".

    References
    ----------
    Rao & Scott, Annals of Statistics 12 (1984): a chi-square of clustered rows, divided by the mean design effect of
    its cells, has the mean that independent rows would give it.

    Examples
    --------
    >>> from tasks.statistics.clusters import find_clusters
    >>> clusters = find_clusters(np.array([0, 0, 1, 1]))
    >>> measure_likeness(clusters, np.array([0, 0, 1, 1]), np.array([10, 10]), is_ordered=True)
    Likeness(correlation=1.0, pairs=4)
    """
    if not len(clusters.rows):
        return INDEPENDENT
    pairs = clusters.count_pairs(codes, len(counts))
    whole, indicators = float(pairs.sum()), choose_indicators(counts, is_ordered=is_ordered)
    if not whole or indicators is None:
        return Likeness(0.0, int(whole))
    return Likeness(indicators.sum_products(pairs) / whole, int(whole))


@dataclass(frozen=True, eq=False)
class Indicators:
    """Indicators of a column's levels, "beyond the line" or "of the level", standardised.

    Parameters
    ----------
    centred : array of levels by indicators
        Less their means.
    weights : array
        Of each indicator: the inverse of its variance; of unordered levels, that of its share, as in the chi-square.
    freedom
        The sum of the weighted variances.
    chance_spread
        How much the mean weighted product of two independent rows varies.
    """

    centred: Floats
    weights: Floats
    freedom: float
    chance_spread: float

    def sum_products(self, pairs: Floats) -> float:
        """The sum over pairs of rows, counted by their levels, of the mean weighted product."""
        return float(np.sum((self.centred.T @ pairs * self.centred.T).sum(axis=1) * self.weights)) / self.freedom


def choose_indicators(counts: Counts, *, is_ordered: bool) -> Indicators | None:
    """The indicators that so many rows of each level can tell something of; None where there is none.

    Examples
    --------
    >>> round(choose_indicators(np.array([10, 10]), is_ordered=True).chance_spread, 2)  # one line
    1.0
    >>> choose_indicators(np.array([20, 0]), is_ordered=False) is None
    True
    """
    shares = counts / max(int(counts.sum()), 1)
    if is_ordered:
        beyond = 1 - np.cumsum(shares)[:-1]
        indicators = (np.arange(len(counts))[:, None] > np.arange(len(counts) - 1)).astype(np.float64)
    else:
        beyond, indicators = shares, np.eye(len(counts))
    is_used = np.minimum(beyond, 1 - beyond) * counts.sum() >= _LEAST_ROWS
    if not is_used.any():
        return None
    # Of unordered levels each counts by its share, as its cell does in the chi-square.
    centred = indicators[:, is_used] - beyond[is_used]
    weights = 1.0 / (beyond * (1 - beyond))[is_used] if is_ordered else 1.0 / beyond[is_used]
    freedom = float(is_used.sum() if is_ordered else np.sum(1 - beyond[is_used]))
    covariance = centred.T @ (centred * shares[:, None])
    spread = float(np.sqrt(np.sum(covariance**2 * np.outer(weights, weights)))) / freedom
    return Indicators(centred, weights, freedom, spread)
