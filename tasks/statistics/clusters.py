"""Rows that belong together: which they are, and what they add to the variance of a sum.

A customer's applications share what belongs to the customer. Ten applications of one customer say less about an income
than ten of ten customers, so a test that takes rows as independent finds changes where there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from tasks.core.arrays import Codes, Floats, Integers, Keys

# Of so many counts a plain array is several times as fast as a sparse one.
_MOST_COUNTS = 1_000_000


@dataclass(frozen=True, eq=False)
class Clusters:
    """The rows whose cluster has further rows; all others stand alone.

    Parameters
    ----------
    rows : array of r
        Their positions.
    members : array of r
        The number of the cluster of each, from 0.
    """

    rows: Integers
    members: Integers

    @property
    def pairs(self) -> int:
        """The ordered pairs of two rows of one cluster: the sum of n (n - 1) over clusters of n rows."""
        sizes = np.bincount(self.members)
        return int(np.sum(sizes * (sizes - 1)))

    def cross(self, values: Floats) -> Floats:
        """The sum of v_i v_jᵀ over all ordered pairs of two rows of one cluster.

        Parameters
        ----------
        values : array of n, or of n by k
            One number or vector v for each row, those that stand alone included.

        Returns
        -------
        array of k by k
            What the variance of Σ v_i has beyond that of independent rows.

        References
        ----------
        Liang & Zeger, Biometrika 73 (1986).

        Examples
        --------
        >>> float(find_clusters(np.array([7, 7, 8], dtype=np.uint64)).cross(np.array([1.0, 2.0, 5.0]))[0, 0])
        4.0
        """
        return self.cross_held(np.atleast_2d(values.T).T[self.rows])

    def cross_held(self, held: Floats) -> Floats:
        """The same, from the values of `rows` only (r by k)."""
        sums = np.stack([np.bincount(self.members, weights=column) for column in held.T], axis=1)
        return np.asarray(sums.T @ sums - held.T @ held, dtype=np.float64)

    def count_pairs(self, codes: Integers | Codes, levels: int) -> Floats:
        """How many ordered pairs of two rows of one cluster have the levels a and b: levels by levels.

        Parameters
        ----------
        codes : array of n
            The level of each row, from 0; rows below 0 are left out.
        levels : int

        Returns
        -------
        array of levels by levels
        """
        held = codes[self.rows]
        used = held >= 0
        held, members = held[used], self.members[used]
        shape = (int(members.max()) + 1 if len(members) else 0, levels)
        if shape[0] * levels <= _MOST_COUNTS:  # whole numbers: the sums are exact in any order
            counts = np.bincount(members * levels + held, minlength=shape[0] * levels).reshape(shape).astype(np.float64)
            pairs = counts.T @ counts
        else:
            sparse = scipy.sparse.csr_matrix((np.ones(len(held)), (members, held)), shape=shape)
            pairs = np.asarray((sparse.T @ sparse).toarray(), dtype=np.float64)
        pairs[np.diag_indices(levels)] -= np.bincount(held, minlength=levels)
        return pairs


ALONE = Clusters(np.zeros(0, np.int64), np.zeros(0, np.int64))  # no row has another one of its cluster


def find_clusters(keys: Keys | Integers | None) -> Clusters:
    """The rows that share a key with another row.

    Parameters
    ----------
    keys : array of n, or None
        Rows of one cluster have the same key. None means that every row stands alone.

    Returns
    -------
    Clusters
        Without any row where all keys differ.

    Examples
    --------
    >>> find_clusters(np.array([7, 8, 7, 9], dtype=np.uint64)).rows
    array([0, 2])
    """
    if keys is None:
        return ALONE
    ordered = np.sort(keys)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    if not len(repeated):
        return ALONE
    # Mostly few: only they are numbered.
    rows = np.flatnonzero(pd.Series(keys, copy=False).isin(repeated).to_numpy())
    return Clusters(rows, np.unique(keys[rows], return_inverse=True)[1].astype(np.int64))


def find_common_clusters(first: Integers, second: Keys | Integers) -> Clusters:
    """The rows that share both keys with another row.

    Examples
    --------
    >>> find_common_clusters(np.array([1, 1, 1, 2]), np.array([7, 7, 8, 7])).rows
    array([0, 1])
    """
    numbers = np.unique(second, return_inverse=True)[1].astype(np.int64)
    groups = np.unique(first, return_inverse=True)[1].astype(np.int64)
    return find_clusters(groups * (int(numbers.max(initial=0)) + 1) + numbers)


def join_groups(first: Integers, first_rows: Integers, second: Keys | None, second_rows: Integers) -> Integers:
    """The numbers of the clusters of some rows of two samples, below one another; no cluster is in both.

    Parameters
    ----------
    first : array of n
        The number of the cluster of each row, from 0.
    second : array of m, or None
        A key for each row; None means that every row stands alone.
    first_rows, second_rows : arrays of int
        The positions of the rows that are used.

    Returns
    -------
    array of int

    Examples
    --------
    >>> join_groups(np.array([0, 0, 1]), np.arange(3), np.array([44, 55, 44], dtype=np.uint64), np.arange(3))
    array([0, 0, 1, 2, 3, 2])
    """
    numbers = second_rows if second is None else np.unique(second[second_rows], return_inverse=True)[1]
    return np.concatenate([first[first_rows], numbers + int(first.max(initial=-1)) + 1])


def make_bootstrap(random: np.random.Generator, rows: int, groups: Integers | Keys | None) -> Callable[[], Integers]:
    """A function that draws rows with replacement, whole clusters at a time.

    Parameters
    ----------
    random : Generator
    rows : int
        How many there are.
    groups : array of n, or None
        The cluster of each row; None means that every row stands alone.

    Returns
    -------
    callable
        Each call returns positions: as many as there are rows, or the rows of as many clusters as there are.

    Examples
    --------
    >>> drawn = np.bincount(make_bootstrap(np.random.default_rng(1), 4, np.array([5, 9, 5, 9]))(), minlength=4)
    >>> bool(drawn[0] == drawn[2]), bool(drawn[1] == drawn[3])
    (True, True)
    """
    if groups is None:
        return lambda: random.integers(rows, size=rows)
    _, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order, starts = np.argsort(place, kind="stable"), np.cumsum(sizes) - sizes

    def draw() -> Integers:
        drawn = random.integers(len(sizes), size=len(sizes))
        ends = np.cumsum(sizes[drawn])
        within = np.arange(ends[-1]) - np.repeat(ends - sizes[drawn], sizes[drawn])
        return np.asarray(order[np.repeat(starts[drawn], sizes[drawn]) + within], dtype=np.int64)

    return draw
