"""Single step: is a change a step on one day, or did it come in parts, grow, or pass?"""

from __future__ import annotations

import numpy as np
import scipy

from tasks.statistics.daily_series import FREEDOM_PER_STEP, DailySeries
from tasks.statistics.smooth import chance_of_largest

# What explains less than this part of what the step explains makes no other story of it.
LEAST_PART = 0.05


def is_single_step(series: DailySeries, place: int, gained: float, error: float) -> bool:
    """Whether one step explains the days as well as more than one, and as well as a trend on both sides of it.

    Parameters
    ----------
    series : DailySeries
    place : int
        The step's first day, as a position.
    gained : float
        Twice the log likelihood that it gains.
    error : float
        The chance that a single step is taken for more; half of it is for each of the two questions.

    Returns
    -------
    bool
        True with too few days to tell.

    References
    ----------
    Bai, Econometric Theory 13 (1997): further steps, one at a time. Armitage, Biometrics 11 (1955): the trend.

    Examples
    --------
    >>> rows, days = np.full(20, 500.0), np.arange(20)
    >>> steps = [np.where(days < 10, 50, 150), np.where((days < 5) | (days > 14), 50, 150), 50 + 5 * days]
    >>> series = [DailySeries(rows, sums.astype(float), (9_000, 900.0)) for sums in steps]
    >>> gains = [one.split(slice(None)) for one in series]
    >>> [is_single_step(one, int(np.argmax(gain)), gain.max(), 0.05) for one, gain in zip(series, gains, strict=True)]
    [True, False, False]
    """
    needed = LEAST_PART * gained
    return not (_has_second(series, place, needed, error / 2) or _has_trend(series, place, needed, error / 2))


def _has_second(series: DailySeries, place: int, needed: float, error: float) -> bool:
    """Whether a second step, before or after the first, is significant and gains enough."""
    freedom = len(series) - 2 * FREEDOM_PER_STEP
    gains = series.split(slice(place, None), is_after_reference=False)
    if place:
        gains = np.concatenate([series.split(slice(0, place)), gains])
    second = int(np.argmax(gains))
    gain = float(gains[second])
    if freedom < 1 or gain <= needed:
        return False
    dispersion = series.measure_dispersion(np.array(sorted((place, second))))
    one_sided = float(scipy.special.stdtr(freedom, -np.sqrt(gain / dispersion)))
    deviate = float(-scipy.special.ndtri(max(one_sided, 1e-300)))
    least = float(series.rows.min() / (series.rows.sum() + series.reference[0]))
    # Both sides of the step are searched, and steps up and down.
    return 4 * chance_of_largest(deviate, least) <= error


def _has_trend(series: DailySeries, place: int, needed: float, error: float) -> bool:
    """Whether the days on both sides of the step lean its way, significantly and by enough."""
    days = np.arange(len(series), dtype=np.float64)
    freedom = len(series) - FREEDOM_PER_STEP - 1
    levels = series.find_levels(np.array([place]))
    lean, noise = 0.0, 0.0
    for part in (slice(0, place), slice(place, None)):
        rows, sums = series.rows[part], series.sums[part]
        if not len(rows):
            continue
        away = days[part] - np.average(days[part], weights=rows)
        lean += float(away @ sums)
        noise += float(rows @ away**2) * series.weigh_rows(float(levels[part][0]))
    if freedom < 1 or noise <= 0 or lean**2 / noise <= needed:
        return False
    way = 1.0 if levels[-1] >= series.reference[1] / max(series.reference[0], 1e-300) else -1.0
    dispersion = series.measure_dispersion(np.array([place]))
    explained = lean**2 / noise / len(series)
    left = max(dispersion - explained, 1.0)
    return float(scipy.special.stdtr(freedom, -way * lean / np.sqrt(noise * left))) <= error
