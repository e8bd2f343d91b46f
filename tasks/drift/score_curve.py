"""The score curve: the share of the positive decision at each score, in the reference and in the window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tasks.core.arrays import Floats, Integers, sample_rows
from tasks.core.scored_window import ScoredWindow
from tasks.profile.profile import Profile
from tasks.statistics.clusters import Clusters, find_clusters, join_groups
from tasks.statistics.day_likeness import NO_LIKENESS, WEEK, DayLikeness, number_days
from tasks.statistics.distributions import chance_of_weighted_chi_square
from tasks.statistics.regression import LogisticFit, fit_logistic, logit

# With ten times the rows of the reference's sample, more rows of the window make a difference no surer.
CURVE_ROWS = 200_000


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labelled rows of both windows, those of the reference first.

    Parameters
    ----------
    labels : array of n
        0 or 1.
    scores : array of n
        0 to 1.
    is_current : array of n
        0 for the reference's rows, 1 for the window's.
    reference_rows, window_rows : arrays of int
        Their positions in the reference's sample and in the window.
    groups : array of n
        The number of each row's customer; no customer is in both windows.
    days : array of n, optional
        The number of each row's day, of which the remainder by 7 is its weekday; no day is in both windows.
    unscored
        How many labelled rows of the window have no score of the model, and are left out.
    """

    labels: Floats
    scores: Floats
    is_current: Floats
    reference_rows: Integers
    window_rows: Integers
    groups: Integers | None = None
    days: Integers | None = None
    unscored: int = 0

    @cached_property
    def clusters(self) -> Clusters:
        """The rows that belong together."""
        return find_clusters(self.groups)

    @property
    def fewest_of_each(self) -> int:
        """The rows of the rarer label, in the window that has fewer of them."""
        counts = (np.bincount(self.labels[self.is_current == window].astype(int), minlength=2) for window in (0, 1))
        return int(min(count.min() for count in counts))

    @property
    def has_both_labels(self) -> bool:
        """Each window holds both labels."""
        return all(len(np.unique(self.labels[self.is_current == window])) == 2 for window in (0, 1))


@dataclass(frozen=True, eq=False)
class ScoreCurve:
    """The curves of both windows.

    Parameters
    ----------
    rows
        The rows that they are fitted to.
    design : array of n by 5
        The matrix that was fitted.
    fit
        The regression.
    before, now : arrays of n
        At each row the probability of the positive decision by the reference's curve, and by the window's.
    slope_before, slope_now : arrays of n by 5
        The derivatives of the curves by the coefficients.
    p_value
        That of no difference.
    together
        How alike decisions at equal scores are: the intraclass correlation of the residuals of one customer, day or
        weekday, each with the rows that it joins.
    """

    rows: Labelled
    design: Floats
    fit: LogisticFit
    before: Floats
    now: Floats
    slope_before: Floats
    slope_now: Floats
    p_value: float
    together: tuple[tuple[float, Clusters], ...] = ()

    @property
    def rate(self) -> float:
        """The share of positive decisions in the reference."""
        return float(np.mean(self.rows.labels[self.rows.is_current == 0]))

    @property
    def fitted(self) -> Floats:
        """The chance of each row by its own window's curve."""
        return self.fit.chances


def choose_labelled(profile: Profile, observed: ScoredWindow, seed: int) -> Labelled:
    """The rows with a label and a score.

    Parameters
    ----------
    profile : Profile
        The reference, of which the sample is used.
    observed : ScoredWindow
        The window, of which at most 200,000 rows are used, drawn at random.
    seed : int
        Of the random draw.

    Returns
    -------
    Labelled
        Rows without a label or a score (NaN) are left out.
    """
    known, decided = np.flatnonzero(profile.is_judged), np.flatnonzero(observed.is_judged)
    unscored = int(observed.is_labelled.sum()) - len(decided)
    decided = decided[sample_rows(len(decided), CURVE_ROWS, seed)]
    return Labelled(
        np.concatenate([profile.labels[known], observed.labels[decided]]),
        np.concatenate([profile.scores[known], observed.scores[decided]]),
        np.repeat([0.0, 1.0], [len(known), len(decided)]),
        known,
        decided,
        join_groups(profile.groups, known, observed.keys, decided),
        _join_days(profile, known, observed, decided),
        unscored,
    )


def _join_days(profile: Profile, known: Integers, observed: ScoredWindow, decided: Integers) -> Integers | None:
    """The days of the rows of both windows; None where those of one are not known."""
    if profile.day_effects is None or observed.days is None:
        return None
    before, now = profile.day_effects.numbers[known], number_days(observed.days[decided])
    return np.concatenate([before, now + WEEK * (int(before.max(initial=0)) // WEEK + 1)])


def fit_score_curve(rows: Labelled, days: DayLikeness = NO_LIKENESS) -> ScoreCurve:
    """A logistic curve through the score's log odds s: y ~ 1, s, s², and for the window another level and slope.

    Parameters
    ----------
    rows : Labelled
        Both windows hold both labels.
    days : DayLikeness
        How alike decisions of one day are at equal scores.

    Returns
    -------
    ScoreCurve
        Its p value is that of the likelihood ratio with two degrees of freedom; where rows belong together, that of a
        weighted sum of two chi-squares.

    References
    ----------
    Rao & Scott, Annals of Statistics 12 (1984): the design effect of a likelihood ratio. Moulton, Journal of
    Econometrics 32 (1986): the covariance of coefficients where the residuals of a cluster are equally correlated.

    Examples
    --------
    >>> labels, scores = np.tile([0.0, 0.0, 1.0, 1.0], 50), np.tile([0.2, 0.6, 0.4, 0.8], 50)
    >>> rows = Labelled(labels, scores, np.repeat([0.0, 1.0], 100), np.arange(100), np.arange(100))
    >>> round(fit_score_curve(rows).p_value, 3)  # both windows are the same
    1.0
    """
    s = logit(rows.scores)
    plain = np.column_stack([np.ones_like(s), s, s**2])
    window = rows.is_current[:, None]
    design = np.column_stack([plain, plain[:, :2] * window])
    alike = fit_logistic(plain, rows.labels)
    fit = fit_logistic(design, rows.labels, np.append(alike.coefficients, [0.0, 0.0]))
    together = _list_together(rows, fit, days)
    noise = design * _spread(fit)[:, None]
    shared = (correlation * clusters.cross(noise) for correlation, clusters in together)
    fit = replace(fit, alike=sum(shared, np.zeros_like(fit.covariance)))
    gained = 2 * (fit.log_likelihood - alike.log_likelihood)
    as_before = np.column_stack([plain, np.zeros((len(s), 2))])
    as_now = np.column_stack([plain, plain[:, :2]])
    before, now = fit.predict(as_before), fit.predict(as_now)
    return ScoreCurve(
        rows,
        design,
        fit,
        before,
        now,
        as_before * (before * (1 - before))[:, None],
        as_now * (now * (1 - now))[:, None],
        chance_of_weighted_chi_square(max(gained, 0.0), _find_design_effects(fit)),
        together,
    )


def _list_together(rows: Labelled, fit: LogisticFit, days: DayLikeness) -> tuple[tuple[float, Clusters], ...]:
    """What the residuals of one customer, day, weekday or week have in common, where they have anything."""
    found = [(_measure_residual_likeness(rows, fit), rows.clusters)]
    if rows.days is not None:
        found += [
            (days.day - days.week, find_clusters(rows.days)),
            (days.weekday, find_clusters(rows.days % WEEK)),
            (days.week, find_clusters(rows.days // WEEK)),
        ]
    return tuple((correlation, clusters) for correlation, clusters in found if correlation > 0)


def _spread(fit: LogisticFit) -> Floats:
    """The standard deviation of each row's label."""
    return np.asarray(np.sqrt(fit.chances * (1 - fit.chances)))


def _measure_residual_likeness(rows: Labelled, fit: LogisticFit) -> float:
    """The intraclass correlation of the residuals, over the pairs of both windows; at least 0."""
    if not len(rows.clusters.rows):
        return 0.0
    together = float(rows.clusters.cross(rows.labels - fit.chances)[0, 0])
    return max(together / float(rows.clusters.cross(_spread(fit))[0, 0]), 0.0)


def _find_design_effects(fit: LogisticFit) -> Floats:
    """The design effects of the last two coefficients, those of the window, as a symmetric matrix."""
    plain, robust = fit.covariance[-2:, -2:], fit.robust_covariance[-2:, -2:]
    root = np.linalg.inv(np.linalg.cholesky(plain))
    return np.asarray(root @ robust @ root.T, dtype=np.float64)


def standard_error_of(gradient: Floats, fit: LogisticFit) -> float:
    """The standard error of a function of the coefficients (the delta method).

    Parameters
    ----------
    gradient : array of k
        The derivatives of the function by the coefficients.
    fit : LogisticFit
        The regression.

    Returns
    -------
    float
        At least 0.
    """
    return float(np.sqrt(max(float(gradient @ fit.robust_covariance @ gradient), 0.0)))
