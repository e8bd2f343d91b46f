"""Two halves of both windows: a classifier learns on one and is judged on the other, without a row in both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.core.arrays import Codes, Floats, Integers, Keys
from tasks.profile.bins import MISSING


@dataclass(frozen=True, eq=False)
class Halves:
    """The rows of both windows, each in one of two halves; equal rows, or those of one customer, are in one half.

    Parameters
    ----------
    features : array of n by k
        The codes; missing is NaN.
    is_current : array of n
        0 for the reference's rows, 1 for the window's.
    half : array of n
        0 or 1.
    """

    features: Floats
    is_current: Floats
    half: Integers


def make_halves(reference: Codes, current: Codes, seed: int, customers: Integers | None = None) -> Halves:
    """Both windows below one another, parted at random by the rows' contents.

    Parameters
    ----------
    reference, current : arrays of codes, rows by columns
    seed : int
        Of the random part.
    customers : array of int, optional
        The half of each row's customer, 0 or 1, the reference's first; by default the contents of the rows part them.

    Returns
    -------
    Halves
        Equal rows stay together, or those of one customer: else a double load, or a customer who comes back, would
        teach the classifier what it is judged on.

    Examples
    --------
    >>> codes = np.array([[1, 2], [3, 1], [0, 1]], dtype=np.int32)
    >>> halves = make_halves(codes, codes, seed=1)
    >>> bool((halves.half[:3] == halves.half[3:]).all())
    True
    """
    codes = np.concatenate([reference, current])
    features = codes.astype(np.float64)
    features[codes == MISSING] = np.nan
    is_current = np.repeat([0.0, 1.0], [len(reference), len(current)])
    if customers is None:
        customers = (hash_code_rows(codes, seed) >> np.uint64(63)).astype(np.int64)
    return Halves(features, is_current, customers)


def hash_code_rows(codes: Codes, seed: int) -> Keys:
    """64 random bits for each row, the same for equal rows.

    Parameters
    ----------
    codes : array of n by k
        Whole numbers.
    seed : int
        Of the random factors.

    Returns
    -------
    array of n
        Unsigned 64-bit numbers: a random linear form, stirred as in SplitMix64.

    References
    ----------
    Steele, Lea & Flood, OOPSLA (2014): SplitMix64.

    Examples
    --------
    >>> hashes = hash_code_rows(np.array([[1, 2], [2, 1], [1, 2]], dtype=np.int32), seed=1)
    >>> bool(hashes[0] == hashes[2]), bool(hashes[0] == hashes[1])
    (True, False)
    """
    factors = np.random.default_rng(seed).integers(2**63, size=codes.shape[1], dtype=np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    mixed = codes.astype(np.uint64) @ factors
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
