"""A window held against the reference: what several drift questions and pages need is computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tasks.core.arrays import Codes
from tasks.core.policy import DriftPolicy
from tasks.core.positive import UNNAMED, Positive
from tasks.core.scored_window import ScoredWindow
from tasks.drift.score_curve import Labelled, ScoreCurve, choose_labelled, fit_score_curve
from tasks.profile.profile import Profile


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
    positive
        The contract's word for the positive label, for sentences.
    """

    profile: Profile
    observed: ScoredWindow
    policy: DriftPolicy
    positive: Positive = UNNAMED

    @cached_property
    def codes(self) -> Codes:
        """The window as the profile encodes it: applications by columns."""
        return self.profile.encode(self.observed.applications)

    @cached_property
    def labelled(self) -> Labelled:
        """The labelled rows of both sides."""
        return choose_labelled(self.profile, self.observed, self.policy.seed)

    @cached_property
    def curve(self) -> ScoreCurve:
        """The score curves through the labelled rows; both sides must hold both labels."""
        return fit_score_curve(self.labelled)
