"""A window held against the reference: what several drift questions and pages need is computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

from tasks.core.arrays import Codes, Counts, Keys, pick_rows
from tasks.core.policy import DriftPolicy
from tasks.core.positive import UNNAMED, Positive
from tasks.core.scored_window import ScoredWindow
from tasks.core.self_check import OwnLimit
from tasks.drift.day_variance import WindowDays
from tasks.drift.domain_classifier import Separation, separate_windows
from tasks.drift.expected_auc import Estimate, estimate_auc
from tasks.drift.membership import find_membership
from tasks.drift.score_curve import Labelled, ScoreCurve, choose_labelled, fit_score_curve
from tasks.profile.profile import (
    ColumnLikeness,
    Profile,
    count_levels,
    measure_column_likeness,
    measure_label_likeness,
)
from tasks.statistics.auc import measure_judged_auc
from tasks.statistics.clusters import Clusters, find_clusters
from tasks.statistics.counted_auc import Auc
from tasks.statistics.counted_labels import Judged, find_judged
from tasks.statistics.likeness import Likeness, pool_likeness


@dataclass(frozen=True, eq=False)
class Comparison:
    """The two sides of a comparison and its limits; the rest follows from them, when it is first asked for.

    Parameters
    ----------
    profile
        What is kept of the reference.
    observed
        The window: its applications, labels and scores.
    policy
        The limits of the drift questions, and the seed of every random draw.
    own_limits
        The limits that the champion's self-check has raised.
    positive
        The contract's word for the positive label, for sentences.
    """

    profile: Profile
    observed: ScoredWindow
    policy: DriftPolicy
    own_limits: tuple[OwnLimit, ...] = ()
    positive: Positive = UNNAMED

    @cached_property
    def codes(self) -> Codes:
        """The window as the profile encodes it: applications by columns."""
        held = self.observed.codes
        return self.profile.encode(self.observed.applications) if held is None else held

    @cached_property
    def counts(self) -> tuple[Counts, ...]:
        """The window's rows of every code, column by column."""
        return count_levels(self.profile.columns, self.codes)

    @cached_property
    def clusters(self) -> Clusters:
        """The window's rows that belong together, as those of one customer do."""
        return find_clusters(self.observed.keys)

    @cached_property
    def keys(self) -> Keys | None:
        """The window's customers; None where no customer comes back in either window."""
        return self.observed.keys if len(self.clusters.rows) or self.profile.halves is not None else None

    @cached_property
    def likeness(self) -> tuple[tuple[ColumnLikeness, ColumnLikeness], ...]:
        """How alike the rows of one customer are, column by column, in the reference and in the window."""
        window = measure_column_likeness(self.profile.columns, self.codes, self.counts, self.clusters)
        return tuple(_pool(before, now) for before, now in zip(self.profile.likeness, window, strict=True))

    @cached_property
    def label_likeness(self) -> tuple[Likeness, Likeness]:
        """How alike the labels of one customer are, in the reference and in the window."""
        return pool_likeness(self.profile.label_likeness, measure_label_likeness(self.observed.labels, self.keys))

    @cached_property
    def judged(self) -> Judged:
        """The window's rows with a label and a score."""
        return find_judged(self.observed.labels, self.observed.scores)

    @cached_property
    def auc(self) -> Auc | None:
        """The AUC of these, with an error that allows for rows that belong together; None unless both labels occur."""
        if not self.judged.has_both_labels:
            return None
        known, keys = self.observed.is_judged, self.keys
        clusters = self.clusters if keys is None or known.all() else find_clusters(pick_rows(keys, known))
        return measure_judged_auc(self.judged, clusters)

    @cached_property
    def labelled(self) -> Labelled:
        """The labelled and scored rows of both sides."""
        return choose_labelled(self.profile, self.observed, self.policy.seed)

    @cached_property
    def days(self) -> WindowDays:
        """What differing days add to the variances."""
        return WindowDays(self.profile, self.observed)

    @cached_property
    def curve(self) -> ScoreCurve:
        """The score curves through the labelled rows; both sides must hold both labels."""
        return fit_score_curve(self.labelled, self.days.residual)

    @cached_property
    def separation(self) -> Separation:
        """How well a classifier tells the two windows apart."""
        return separate_windows(self.profile.codes, self.codes, self.policy, partial(find_membership, self))

    @cached_property
    def estimate(self) -> Estimate | None:
        """The AUC to be expected of the applications still to get a label; None where it cannot be estimated."""
        is_open = self.observed.is_open
        keys = None if self.keys is None else self.keys[is_open]
        return estimate_auc(self.profile, self.observed.scores[is_open], self.policy, keys)


def _pool(before: ColumnLikeness, now: ColumnLikeness) -> tuple[ColumnLikeness, ColumnLikeness]:
    values, missing = pool_likeness(before.values, now.values), pool_likeness(before.missing, now.missing)
    return ColumnLikeness(values[0], missing[0]), ColumnLikeness(values[1], missing[1])
