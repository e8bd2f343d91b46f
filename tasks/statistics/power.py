"""The smallest change that a window can detect, where an alarm must be both significant and above its limit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy

from tasks.statistics.proportions import chance_of_one_at_most

POWER = 0.80
_MOST_ROWS = 200


@dataclass(frozen=True)
class Bar:
    """What an alarm must clear.

    Parameters
    ----------
    level
        The level of significance, between 0 and 1.
    limit
        The limit of the effect, in its unit.
    """

    level: float
    limit: float


def smallest_change(standard_error: float, bar: Bar, *, sides: int = 2, freedom: int = 1) -> float:
    """The true effect that clears the bar in 80 of 100 windows.

    Parameters
    ----------
    standard_error : float
        Of the estimated effect, at least 0.
    bar : Bar
        What an alarm must clear; its limit has the unit of the effect.
    sides : {2, 1}
        Of the normal test.
    freedom : int
        With more than 1 the test is a chi-square with so many degrees of freedom.

    Returns
    -------
    float
        In the unit of the effect.

    Notes
    -----
    The estimate must exceed the critical value of its test and the limit plus one standard error; it falls short of the
    truth by 0.84 standard errors in 20 of 100 windows.

    Examples
    --------
    >>> round(smallest_change(0.01, Bar(level=0.01, limit=0.03)), 4)
    0.0484
    """
    if freedom > 1:
        critical = float(np.sqrt(scipy.stats.chi2.isf(bar.level, freedom)))
    else:
        critical = float(-scipy.special.ndtri(bar.level / sides))
    needed = max(critical * standard_error, bar.limit + standard_error)
    return float(needed + scipy.special.ndtri(POWER) * standard_error)


@lru_cache(maxsize=256)
def smallest_share_beyond(reference_rows: int, current_rows: int, bar: Bar) -> float:
    """The true share of current rows outside the reference's range that clears the bar in 80 of 100 windows.

    Parameters
    ----------
    reference_rows, current_rows : int
        Rows of the two windows, at least 1.
    bar : Bar
        What an alarm must clear; its limit is a share, 0 to 1.

    Returns
    -------
    float
        The share; 1 where no count of rows would be significant.

    Examples
    --------
    >>> round(smallest_share_beyond(1_000, 1_000, Bar(level=0.008, limit=0.01)), 4)
    0.017
    """
    beyond = np.arange(1, _MOST_ROWS)
    rows = reference_rows + current_rows
    chances = chance_of_one_at_most(np.minimum(beyond + 1, rows), reference_rows, current_rows)
    if chances.min() > bar.level:
        return 1.0
    significant = int(beyond[np.argmax(chances <= bar.level)])
    # A count k is material from where k less its standard error, about √k, is the limit's count.
    limit = bar.limit * current_rows
    needed = max(significant, np.ceil(((1 + np.sqrt(1 + 4 * limit)) / 2) ** 2))
    return float(min(scipy.stats.gamma.ppf(POWER, needed) / current_rows, 1.0))


def smallest_spread(variances: np.ndarray[tuple[int], np.dtype[np.float64]], freedom: int, bar: Bar) -> float:
    """The true root mean square change over groups that clears the bar in 80 of 100 windows.

    Parameters
    ----------
    variances : array of k
        Those of the groups' estimated changes, above 0.
    freedom : int
        Degrees of freedom of the chi-square test, at least 1.
    bar : Bar
        What an alarm must clear; its limit has the unit of the changes.

    Returns
    -------
    float
        In the unit of the changes.

    Notes
    -----
    The non-centrality with which the chi-square exceeds its critical value in 80 of 100 windows is
    `scipy.special.chndtrinc`.

    Examples
    --------
    >>> round(smallest_spread(np.full(6, 0.03**2), 6, Bar(level=0.001, limit=0.05)), 4)
    0.0621
    """
    critical = scipy.stats.chi2.isf(bar.level, freedom)
    noncentrality = float(scipy.special.chndtrinc(critical, freedom, 1 - POWER))
    significant = float(np.sqrt(noncentrality / np.sum(1 / variances)))
    noise = float(np.sqrt(np.mean(variances) / len(variances)))
    return max(significant, bar.limit + float(scipy.special.ndtri(POWER)) * noise)
