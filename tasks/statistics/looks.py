"""Looks: how many independent tests the overlapping windows of a year are worth."""

from __future__ import annotations

import numpy as np
import scipy

YEAR = 365


def count_looks(length: int, step: int, level: float) -> float:
    """The number of independent tests whose chance of any false alarm is that of a year of overlapping windows.

    Parameters
    ----------
    length : int
        Days of a window.
    step : int
        Days from one window to the next.
    level : float
        Of each test, between 0 and 1.

    Returns
    -------
    float
        Never more than there are windows in a year.

    Notes
    -----
    Means of windows that overlap are correlated: by 1 - d / length at a distance of d days. The rate at which such a
    sequence first exceeds z is (z φ(z) / length) ν(z √(2 step / length)) a day, where ν corrects for looking once a
    step only; divided by the chance that one window exceeds z.

    References
    ----------
    Siegmund, Sequential Analysis (1985), chapter 10, and Siegmund & Yakir, The Statistics of Gene Mapping (2007), for
    the approximation of ν.

    Examples
    --------
    >>> count_looks(30, 30, level=0.001) == 365 / 30, round(count_looks(30, 1, level=0.001))
    (True, 86)
    """
    windows = YEAR / step
    if step >= length:
        return windows
    z = float(scipy.special.ndtri(1 - level / 2))
    step_size = z * np.sqrt(2 * step / length)
    half = step_size / 2
    coarse = float(
        2 / step_size * (scipy.special.ndtr(half) - 0.5) / (half * scipy.special.ndtr(half) + _density(half))
    )
    rate = z * _density(z) / length * coarse
    return float(min(1 + YEAR * rate / (level / 2), windows))


def _density(z: float) -> float:
    return float(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def find_level(budget: float, length: int, step: int, tests: int) -> float:
    """The level of all tests of one window together that keeps a year of windows within a budget.

    Parameters
    ----------
    budget : float
        The false alarms a year that all these windows may raise.
    length, step : int
        Days of a window, and from one window to the next.
    tests : int
        Among how many tests the level of a window is divided: the smaller the level of each, the less windows that
        overlap have in common.

    Examples
    --------
    >>> round(find_level(0.36, 30, 30, tests=20), 4)
    0.0296
    """
    level = budget * step / YEAR
    for _ in range(20):
        level = budget / count_looks(length, step, level / tests)
    return level
