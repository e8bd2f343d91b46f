"""Change point: on which day did a number leave the level that it has in the reference?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.statistics.daily_series import FREEDOM_PER_STEP, DailySeries
from tasks.statistics.single_step import is_single_step

_LEAST_STEP = 1e-3  # below this, a walk by days is as good as a smooth one


@dataclass(frozen=True)
class ChangePoint:
    """Where one step, from the level of the reference to another one, explains the days best.

    Parameters
    ----------
    place
        The first changed day, as a position among the days. Where it is 0, the days do not tell how long the change has
        lasted.
    earliest, latest
        The confidence interval of that position.
    level
        The mean from that day on.
    dispersion
        How much more the days vary than their rows alone would, at least 1.
    is_single
        Whether one step explains the days as well as several, or a trend.
    """

    place: int
    earliest: int
    latest: int
    level: float
    dispersion: float
    is_single: bool


def find_change_point(series: DailySeries, error: float) -> ChangePoint:
    """The day of change by maximum likelihood, and its confidence interval.

    Parameters
    ----------
    series : DailySeries
        At least one day.
    error : float
        The chance that the interval misses the day, and that a single step is taken for more than one.

    Returns
    -------
    ChangePoint

    Notes
    -----
    The interval holds every day that is nearly as likely. The likelihood ratio of the true day is the largest value of
    two random walks with a downward drift, one to each side, whose tails are exponential; a walk in steps of days
    reaches less high than a smooth one, which a factor allows for. Likelihoods are divided by the dispersion
    (quasi-likelihood); as that is estimated, the exponential tail becomes one of Student's kind.

    References
    ----------
    Hinkley, Biometrika 57 (1970): the estimate. Siegmund, International Statistical Review 56 (1988), and Hansen,
    Econometrica 68 (2000): the set of likely days. Siegmund, Sequential Analysis (1985), chapter X: walks in steps.

    Examples
    --------
    >>> sums = np.array([5.0, 6, 4, 5, 5, 14, 15, 16, 15, 14])
    >>> found = find_change_point(DailySeries(np.full(10, 50.0), sums, (6_000, 600.0)), 0.05)
    >>> found.place, found.earliest, found.latest, round(found.level, 2)
    (5, 5, 5, 0.3)
    """
    gains = series.split(slice(None))
    place = int(np.argmax(gains))
    dispersion = series.measure_dispersion(np.array([place]))
    freedom = max(len(series) - FREEDOM_PER_STEP, 1)
    tail = min((1 - float(np.sqrt(1 - error))) / _reach_of_steps(_size_step(series, place, dispersion)), 1.0)
    bound = dispersion * freedom * (tail ** (-2 / freedom) - 1)
    likely = np.flatnonzero(gains >= gains[place] - bound)
    level = float(series.find_levels(np.array([place]))[-1])
    is_single = is_single_step(series, place, float(gains[place]), error)
    return ChangePoint(place, int(likely[0]), int(likely[-1]), level, dispersion, is_single)


def _size_step(series: DailySeries, place: int, dispersion: float) -> float:
    """The step in standard deviations of a usual day."""
    rows = series.reference[0] + float(series.rows[:place].sum())
    before = (series.reference[1] + float(series.sums[:place].sum())) / max(rows, 1e-300)
    now = float(series.find_levels(np.array([place]))[-1])
    noise = dispersion * series.weigh_rows((before + now) / 2) / float(series.rows.mean())
    return abs(now - before) / float(np.sqrt(noise)) if noise > 0 else 0.0


def _reach_of_steps(step: float) -> float:
    """How often a walk by days exceeds a high bound, as a part of how often a smooth walk does.

    References
    ----------
    Siegmund & Yakir, The Statistics of Gene Mapping (2007), section 5.4: an approximation of Siegmund's ν.
    """
    if step < _LEAST_STEP:
        return 1.0
    half = step / 2
    below, density = float(scipy.special.ndtr(half)), float(np.exp(-(half**2) / 2) / np.sqrt(2 * np.pi))
    return (below - 0.5) / half / (half * below + density)
