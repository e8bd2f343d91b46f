"""Score curve: the chance of a positive label at each score, in the reference and in the window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats, Integers, sample_rows
from tasks.core.scored_window import ScoredWindow
from tasks.profile.profile import Profile
from tasks.statistics.regression import LogisticFit, fit_logistic, logit

# With ten times the rows of the reference's sample, more rows of the window make a difference no surer.
CURVE_ROWS = 200_000


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labelled rows of both windows, those of the reference first; `is_current` is 0 or 1.

    `reference_rows` and `window_rows` are their positions in the reference's sample and in the window.
    """

    labels: Floats
    scores: Floats
    is_current: Floats
    reference_rows: Integers
    window_rows: Integers

    @property
    def has_both_labels(self) -> bool:
        """Each window holds both labels."""
        return all(len(np.unique(self.labels[self.is_current == window])) == 2 for window in (0, 1))


@dataclass(frozen=True, eq=False)
class ScoreCurve:
    """The two curves: at each row the chance by the reference's (`before`) and by the window's (`now`).

    `design` is the matrix that was fitted. `slope_before` and `slope_now` are the curves' derivatives by the fit's
    coefficients. `p_value` is that of no difference.
    """

    rows: Labelled
    design: Floats
    fit: LogisticFit
    before: Floats
    now: Floats
    slope_before: Floats
    slope_now: Floats
    p_value: float

    @property
    def fitted(self) -> Floats:
        """The chance of each row by its own window's curve."""
        return self.fit.chances


def choose_labelled(profile: Profile, observed: ScoredWindow, seed: int) -> Labelled:
    """The rows with a label: of the reference's sample, and of the window (at most 200,000, drawn at random)."""
    known, decided = (np.flatnonzero(~np.isnan(labels)) for labels in (profile.labels, observed.labels))
    decided = decided[sample_rows(len(decided), CURVE_ROWS, seed)]
    return Labelled(
        np.concatenate([profile.labels[known], observed.labels[decided]]),
        np.concatenate([profile.scores[known], observed.scores[decided]]),
        np.repeat([0.0, 1.0], [len(known), len(decided)]),
        known,
        decided,
    )


def fit_score_curve(rows: Labelled) -> ScoreCurve:
    """A logistic curve through the score's log odds s: y ~ 1, s, s², and for the window another level and slope.

    The p value is that of the likelihood ratio with two degrees of freedom. Both windows hold both labels.
    """
    s = logit(rows.scores)
    plain = np.column_stack([np.ones_like(s), s, s**2])
    window = rows.is_current[:, None]
    design = np.column_stack([plain, plain[:, :2] * window])
    alike = fit_logistic(plain, rows.labels)
    fit = fit_logistic(design, rows.labels, np.append(alike.coefficients, [0.0, 0.0]))
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
        float(scipy.stats.chi2.sf(max(gained, 0.0), 2)),
    )


def standard_error_of(gradient: Floats, fit: LogisticFit) -> float:
    """The standard error of a function of the coefficients with this gradient (the delta method)."""
    return float(np.sqrt(max(float(gradient @ fit.covariance @ gradient), 0.0)))
