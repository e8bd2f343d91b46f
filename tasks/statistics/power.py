"""The smallest change that a window could have seen: every alarm needs to be sure and material at once."""

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
    """What an alarm must clear: a level of significance and a limit of the effect."""

    level: float
    limit: float


def smallest_change(standard_error: float, bar: Bar, *, sides: int = 2, freedom: int = 1) -> float:
    """The true effect that clears the bar in 80 of 100 windows.

    The estimate must exceed the critical value of its test (normal, or chi-square with `freedom` degrees) and the
    limit plus one standard error; it falls short of the truth by 0.84 standard errors in 20 of 100 windows.
    """
    if freedom > 1:
        critical = float(np.sqrt(scipy.stats.chi2.isf(bar.level, freedom)))
    else:
        critical = float(-scipy.special.ndtri(bar.level / sides))
    needed = max(critical * standard_error, bar.limit + standard_error)
    return float(needed + scipy.special.ndtri(POWER) * standard_error)


@lru_cache(maxsize=256)
def smallest_share_beyond(reference_rows: int, current_rows: int, bar: Bar) -> float:
    """The true share of current rows outside the reference's range that clears the bar in 80 of 100 windows."""
    beyond = np.arange(1, _MOST_ROWS)
    rows = reference_rows + current_rows
    chances = chance_of_one_at_most(np.minimum(beyond + 1, rows), reference_rows, current_rows)
    if chances.min() > bar.level:
        return 1.0
    sure = int(beyond[np.argmax(chances <= bar.level)])
    # A count k is material from where k less its standard error, about √k, is the limit's count.
    limit = bar.limit * current_rows
    needed = max(sure, np.ceil(((1 + np.sqrt(1 + 4 * limit)) / 2) ** 2))
    return float(min(scipy.stats.gamma.ppf(POWER, needed) / current_rows, 1.0))


def smallest_spread(variances: np.ndarray[tuple[int], np.dtype[np.float64]], freedom: int, bar: Bar) -> float:
    """The true root mean square change over groups that clears the bar in 80 of 100 windows.

    `variances` are those of the groups' estimated changes. The test is a chi-square with `freedom` degrees.
    """
    critical = scipy.stats.chi2.isf(bar.level, freedom)
    noncentrality = float(scipy.special.chndtrinc(critical, freedom, 1 - POWER))
    sure = float(np.sqrt(noncentrality / np.sum(1 / variances)))
    noise = float(np.sqrt(np.mean(variances) / len(variances)))
    return max(sure, bar.limit + float(scipy.special.ndtri(POWER)) * noise)
