"""Day effects: what a reference says of how much its days differ beyond chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from tasks.core.arrays import Codes, Counts, Days, Integers, Keys
from tasks.core.scored_window import ScoredWindow
from tasks.profile.bins import MISSING, Bins
from tasks.statistics.auc import find_influence
from tasks.statistics.day_likeness import (
    NO_LIKENESS,
    DayLikeness,
    DayPairs,
    measure_spread,
    number_days,
    pair_days,
    share_weekdays,
    shuffle_weeks,
)
from tasks.statistics.regression import fit_logistic, logit


@dataclass(frozen=True)
class ColumnDays:
    """How alike the rows of one day are in a column: in its values, and in whether it is missing."""

    values: DayLikeness = NO_LIKENESS
    missing: DayLikeness = NO_LIKENESS


@dataclass(frozen=True, eq=False)
class DayEffects:
    """How alike the rows of one day are in the reference.

    Parameters
    ----------
    columns
        One for each column of the profile.
    label, residual
        Of the labels, and of the labels at an equal score.
    area
        Of what each row adds to the error of the AUC.
    spread
        The chance that two rows of the reference are of one day.
    weekdays
        The share of the reference's rows on each weekday, Monday first.
    numbers : array of n
        A number for the day of each row of the profile's sample: 7 times that of the week, which is at random, and the
        weekday.
    week_spread
        The chance that two rows of the reference are of two days less than a week apart.
    """

    columns: tuple[ColumnDays, ...]
    label: DayLikeness
    residual: DayLikeness
    area: DayLikeness
    spread: float
    weekdays: tuple[float, ...]
    numbers: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    week_spread: float = 0.0

    @property
    def has_weeks(self) -> bool:
        """Whether a week's rows are alike in any column."""
        return any(held.values.week or held.missing.week for held in self.columns)

    @property
    def has_columns(self) -> bool:
        """Whether a day's rows are alike in any column."""
        return self.has_weeks or any(held.values.day or held.missing.day for held in self.columns)

    def number(self, days: Days, seed: int) -> DayEffects:
        """The same with the days of the sample's rows."""
        return replace(self, numbers=shuffle_weeks(number_days(days), seed))


def measure_day_effects(
    columns: Sequence[Bins], codes: Codes, counts: Sequence[Counts], reference: ScoredWindow, keys: Keys | None
) -> DayEffects | None:
    """How much the days of a reference differ; None where its days are not known, or too few.

    Parameters
    ----------
    columns, codes, counts
        The reference by its levels.
    reference : ScoredWindow
    keys : array of n, or None
        Its customers, where some come back.
    """
    days = None if reference.days is None else number_days(reference.days)
    pairs = None if days is None else pair_days(days, keys)
    if days is None or pairs is None:
        return None

    def measure(pairs: DayPairs) -> tuple[ColumnDays, ...]:
        return tuple(_measure_column(pairs, bins, codes[:, place], counts[place]) for place, bins in enumerate(columns))

    found = measure(pairs)
    has_weeks = any(held.values.week or held.missing.week for held in found)
    if has_weeks:
        found = measure(pair_days(days, keys, has_weeks=True) or pairs)
    usual = share_weekdays(days)
    spread = measure_spread(days, usual)
    decisions = _measure_decisions(reference, days, keys, has_weeks=has_weeks)
    return DayEffects(found, *decisions, spread.day, tuple(usual.tolist()), week_spread=spread.week)


def _measure_column(pairs: DayPairs, bins: Bins, codes: Codes, counts: Counts) -> ColumnDays:
    missing = np.array([len(codes) - counts[MISSING], counts[MISSING]])
    return ColumnDays(
        pairs.measure_levels(codes - 1, counts[1:], is_ordered=bins.is_ordered),
        pairs.measure_levels((codes == MISSING).astype(np.int64), missing, is_ordered=True),
    )


def _measure_decisions(
    reference: ScoredWindow, days: Integers, keys: Keys | None, *, has_weeks: bool
) -> tuple[DayLikeness, DayLikeness, DayLikeness]:
    """Of the labels, of their residuals at an equal score, and of the AUC."""
    known, judged = reference.is_labelled, reference.is_judged
    pairs = pair_days(days[known], None if keys is None else keys[known], has_weeks=has_weeks)
    if pairs is None or len(np.unique(reference.labels[known])) < 2:
        return NO_LIKENESS, NO_LIKENESS, NO_LIKENESS
    label = pairs.measure_numbers(reference.labels[known] - reference.labels[known].mean())
    labels, scores = reference.labels[judged], np.asarray(reference.scores, dtype=np.float64)[judged]
    if judged.sum() < known.sum():  # the lender's own model has not scored every row
        pairs = pair_days(days[judged], None if keys is None else keys[judged], has_weeks=has_weeks)
        if pairs is None or len(np.unique(labels)) < 2:
            return label, NO_LIKENESS, NO_LIKENESS
    s = logit(scores)
    chances = fit_logistic(np.column_stack([np.ones_like(s), s, s**2]), labels).chances
    residuals = (labels - chances) / np.sqrt(np.maximum(chances * (1 - chances), 1e-6))
    return (
        label,
        pairs.measure_numbers(residuals),
        pairs.measure_numbers(find_influence(labels, scores)),
    )


def describe_day_effects(effects: DayEffects) -> dict[str, Any]:
    """Everything but the numbers, as plain JSON values."""
    return asdict(replace(effects, numbers=np.zeros(0, np.int64))) | {"numbers": None}


def restore_day_effects(described: dict[str, Any], numbers: Integers) -> DayEffects:
    """What `describe_day_effects` wrote, with the numbers."""
    columns = (
        ColumnDays(*(DayLikeness(**held[name]) for name in ("values", "missing"))) for held in described["columns"]
    )
    label, residual, area = (DayLikeness(**described[name]) for name in ("label", "residual", "area"))
    spread, weekdays = described["spread"], tuple(described["weekdays"])
    week_spread = described.get("week_spread", 0.0)
    return DayEffects(tuple(columns), label, residual, area, spread, weekdays, numbers, week_spread)
