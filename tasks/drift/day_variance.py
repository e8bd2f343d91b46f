"""Day variance: what it adds to the errors of a comparison that days differ by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tasks.core.arrays import Mask, pick_rows
from tasks.core.scored_window import ScoredWindow
from tasks.profile.day_effects import ColumnDays, DayEffects
from tasks.profile.profile import Profile
from tasks.statistics.day_likeness import NO_LIKENESS, DayLikeness, DaySpread, count_days, measure_counted_spread

Pair = tuple[float, float]  # the reference's and the window's
NOTHING = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class WindowDays:
    """A window's days beside the reference's; nothing is added where the days of either are not known.

    Parameters
    ----------
    profile
        The reference.
    observed
        The window.
    """

    profile: Profile
    observed: ScoredWindow

    @property
    def effects(self) -> DayEffects | None:
        """How much the reference's days differ."""
        return self.profile.day_effects if self.observed.days is not None else None

    @cached_property
    def all_rows(self) -> DaySpread:
        """How few days the window's rows lie on."""
        return self._measure(np.ones(len(self.observed.labels), np.bool_))

    @cached_property
    def decided(self) -> DaySpread:
        """How few days its decided rows lie on."""
        return self._measure(self.observed.is_labelled)

    @cached_property
    def judged(self) -> DaySpread:
        """How few days its decided rows with a score lie on."""
        return self._measure(self.observed.is_judged)

    @property
    def undecided_area(self) -> float:
        """What days add to the variance of an AUC of the rows without a decision yet, as a share of it."""
        rows = self.observed.is_open
        if self.effects is None or not rows.any():
            return 0.0
        return float(rows.sum()) * self.effects.area.share_variance(self._measure(rows))

    def _measure(self, rows: Mask) -> DaySpread:
        effects, days = self.effects, self.observed.days
        if effects is None or days is None:
            return DaySpread(0.0, 0.0)
        return measure_counted_spread(*count_days(pick_rows(days, rows)), np.array(effects.weekdays))

    def share_column(self, place: int) -> tuple[Pair, Pair]:
        """Of a column's values, and of its missing ones: shares of the variance of one row."""
        effects = self.effects
        held = ColumnDays() if effects is None else effects.columns[place]
        return self._share(held.values, self.all_rows), self._share(held.missing, self.all_rows)

    @property
    def label(self) -> Pair:
        """Of the labels."""
        return NOTHING if self.effects is None else self._share(self.effects.label, self.decided)

    @property
    def area(self) -> Pair:
        """Of what each row adds to the error of the AUC."""
        return NOTHING if self.effects is None else self._share(self.effects.area, self.judged)

    @property
    def residual(self) -> DayLikeness:
        """How alike decisions of one day are at equal scores."""
        return NO_LIKENESS if self.effects is None else self.effects.residual

    def _share(self, likeness: DayLikeness, spread: DaySpread) -> Pair:
        effects = self.effects
        if effects is None:
            return NOTHING
        before = likeness.share_variance(DaySpread(effects.spread, 0.0, effects.week_spread))
        now = likeness.share_variance(spread)
        if likeness.week:
            # A few rows have as many of their kind beside them as many rows have: they may be one customer's.
            now = max(now, before * self.profile.rows / max(len(self.observed.labels), 1))
        return before, now
