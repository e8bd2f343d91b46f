"""Attribution: how much of a change comes from other applicants, how much from the rule, and how much is noise.

A logistic regression on the reference says how an application of that score and those columns turned out then. Applied
to the window's applications it gives the rate and the AUC that they would have shown by the reference's rule:

    change = (window's applicants by the reference's rule − reference)      applicants (mix)
           + (window − window's applicants by the reference's rule)         rule

The assumption: nothing that neither the score nor a column shows has changed among the applicants. What does is
counted as the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tasks.bank.expected_rank import ExpectedRank, expect_rank
from tasks.bank.outcome_design import OutcomeDesign, design_outcome
from tasks.core.arrays import Codes, Counts, Floats
from tasks.profile.bins import Bins
from tasks.statistics.clusters import ALONE, Clusters
from tasks.statistics.regression import LogisticFit, fit_logistic

# A regression of n rows and k columns costs n k² operations a step: with very many columns fewer rows are used.
MOST_WORK = 1_000_000_000
FEWEST_OF_EACH = 30


@dataclass(frozen=True)
class Part:
    """A part of a change, and its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Attribution:
    """Where the change of one figure comes from.

    Parameters
    ----------
    reference, window
        The figure on the two sides.
    total, mix, rule
        The change, and its two parts: applicants and rule. They add up.
    """

    reference: float
    window: float
    total: Part
    mix: Part
    rule: Part


@dataclass(frozen=True)
class Attributions:
    """The share of the positive label and the AUC, each with where its change comes from.

    Parameters
    ----------
    rate, auc
        Both on the same rows.
    reference_rows, window_rows
        The rows with a label and a score that were used.
    unlike_rows
        Those of the window with a level of which the reference holds too few rows. How they turn out counts as typical
        there, and what differs as the rule.
    """

    rate: Attribution
    auc: Attribution
    reference_rows: int
    window_rows: int
    unlike_rows: int


@dataclass(frozen=True, eq=False)
class Decided:
    """The labelled and scored rows of one side: codes (n by columns), labels, scores, and which belong together."""

    codes: Codes
    labels: Floats
    scores: Floats
    clusters: Clusters = ALONE

    @property
    def fewest(self) -> int:
        """The rows of the rarer label."""
        return int(min(self.labels.sum(), len(self.labels) - self.labels.sum()))


def attribute_change(
    columns: tuple[Bins, ...], counts: tuple[Counts, ...], reference: Decided, window: Decided
) -> Attributions | None:
    """Split the change of the positive rate and of the AUC.

    Parameters
    ----------
    columns, counts
        The reference's levels, and how many of its rows each holds.
    reference, window : Decided
        The two sides.

    Returns
    -------
    Attributions or None
        None with fewer than 30 rows of one label on one side.

    Notes
    -----
    Standard errors are those of the influence of each row, that through the regression included (the delta method);
    rows of one customer are added together.

    References
    ----------
    Oaxaca, International Economic Review 14 (1973), and Blinder, Journal of Human Resources 8 (1973); for a logistic
    regression Fairlie, Journal of Economic and Social Measurement 30 (2005). Cai, Namkoong & Yadlowsky, Diagnosing
    model performance under distribution shift (2023): the same split of a model's performance.
    """
    if min(reference.fewest, window.fewest) < FEWEST_OF_EACH:
        return None
    design = design_outcome(columns, counts, reference.codes)
    split = _Split(design, reference, window)
    return Attributions(
        split.split_rate(),
        split.split_auc(),
        len(reference.labels),
        len(window.labels),
        int(design.is_unlike(window.codes).sum()),
    )


@dataclass(frozen=True, eq=False)
class _Split:
    """The regression, and the two figures by it."""

    design: OutcomeDesign
    reference: Decided
    window: Decided

    @cached_property
    def before(self) -> Floats:
        """The reference's matrix."""
        return self.design.fill(self.reference.codes, self.reference.scores)

    @cached_property
    def now(self) -> Floats:
        """The window's matrix."""
        return self.design.fill(self.window.codes, self.window.scores)

    @cached_property
    def fit(self) -> LogisticFit:
        """How the reference's rows turned out."""
        return fit_logistic(self.before, self.reference.labels)

    @cached_property
    def chances(self) -> Floats:
        """The chance of the positive label of each row of the window by the reference's rule."""
        return self.fit.predict(self.now)

    def split_rate(self) -> Attribution:
        """The share of the positive label."""
        old, new, expected = self.reference.labels, self.window.labels, self.chances
        n, m = len(old), len(new)
        through = self._pass_through(self._slope(self.now, expected, np.full(m, 1 / m)))
        own = (old - old.mean()) / n
        shown, drawn = (new - new.mean()) / m, (expected - expected.mean()) / m
        mix = self._find_part(float(expected.mean() - old.mean()), through - own, drawn)
        rule = self._find_part(float(new.mean() - expected.mean()), -through, shown - drawn)
        total = self._find_part(float(new.mean() - old.mean()), -own, shown)
        return Attribution(float(old.mean()), float(new.mean()), total, mix, rule)

    def split_auc(self) -> Attribution:
        """The AUC. What the regression misses of it is missed on both sides, and so cancels out."""
        before, now = self.reference, self.window
        old, new = expect_rank(before.labels, before.scores), expect_rank(now.labels, now.scores)
        fitted, expected = (
            expect_rank(self.fit.chances, before.scores),
            expect_rank(self.chances, now.scores),
        )
        slope = self._slope(self.now, self.chances, expected.by_chance)
        slope -= self._slope(self.before, self.fit.chances, fitted.by_chance)
        through = self._pass_through(slope)
        total = self._find_part(new.value - old.value, -old.by_row, new.by_row)
        mix = self._find_part(expected.value - fitted.value, through - fitted.by_row, expected.by_row)
        rest = fitted.by_row - old.by_row - through
        rule = self._find_part(total.value - mix.value, rest, _subtract(new, expected))
        return Attribution(old.value, new.value, total, mix, rule)

    def _slope(self, matrix: Floats, chances: Floats, weights: Floats) -> Floats:
        """The derivative by the coefficients of a figure that has this derivative by the chances."""
        return np.asarray((weights * chances * (1 - chances)) @ matrix)

    def _pass_through(self, slope: Floats) -> Floats:
        """What each row of the reference adds to the figure through the coefficients."""
        surprise = self.reference.labels - self.fit.chances
        return np.asarray(surprise * (self.before @ (self.fit.covariance @ slope)))

    def _find_part(self, value: float, old: Floats, new: Floats) -> Part:
        variance = _add_up(old, self.reference.clusters) + _add_up(new, self.window.clusters)
        return Part(value, float(np.sqrt(variance)))


def _subtract(shown: ExpectedRank, expected: ExpectedRank) -> Floats:
    return shown.by_row - expected.by_row


def _add_up(influence: Floats, clusters: Clusters) -> float:
    """The variance of a sum of rows, of which some belong together."""
    together = float(clusters.cross(influence)[0, 0]) if len(clusters.rows) else 0.0
    return float(influence @ influence) + max(together, 0.0)
