"""Columns: has the distribution of one column's values changed, and how many of its values are new?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tasks.core.arrays import Counts
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.wording import format_share, list_words
from tasks.drift.comparison import Comparison
from tasks.drift.judgement import Draft
from tasks.profile.bins import Bins
from tasks.profile.profile import ColumnLikeness
from tasks.statistics.distributions import compare_levels, compare_ordered
from tasks.statistics.power import smallest_change, smallest_share_beyond
from tasks.statistics.proportions import chance_beyond_range, chance_of_new_levels, usual_new_share

SHARE = "share of applicants"
# A column with fewer values in a window says nothing about its distribution there.
LEAST_VALUES = 20
_NEARLY_ALL = 0.95


@dataclass(frozen=True, eq=False)
class Column:
    """One column in both windows: its levels, their rows by code, and how alike the rows of one customer are.

    `days` is what differing days add to the variance of its values, as shares of one row's variance.
    """

    bins: Bins
    reference: Counts
    current: Counts
    likeness: tuple[ColumnLikeness, ColumnLikeness]
    rows: tuple[int, int]
    days: tuple[float, float] = (0.0, 0.0)

    @property
    def values(self) -> tuple[int, int]:
        """The rows with a value."""
        return int(self.reference[1:].sum()), int(self.current[1:].sum())

    @property
    def filled(self) -> float:
        """The share of the window's applicants with a value."""
        return self.values[1] / max(self.rows[1], 1)

    @property
    def whose(self) -> str:
        """Of whom the shares of a column's values are."""
        of_all = f" ({format_share(self.filled)} of all)" if self.filled < _NEARLY_ALL else ""
        return f"applicants with a value{of_all}"

    @property
    def design_effects(self) -> tuple[float, float]:
        """How many rows with a value are worth one independent row."""
        n, m = self.values
        before, now = self.likeness[0].values.design_effect(n), self.likeness[1].values.design_effect(m)
        return before + n * self.days[0], now + m * self.days[1]


def compare_distribution(column: Column, policy: DriftPolicy) -> Draft:
    """The distribution of the values that are there; missing ones are another check's."""
    bins, reference, current = column.bins, column.reference[1:], column.current[1:]
    if (skipped := _skip(column, "distribution", policy.distribution_limit)) is not None:
        return skipped
    compare = compare_ordered if bins.is_ordered else compare_levels
    before, now = column.design_effects
    compared = compare(reference / before, current / now)
    before, now, beyond = _describe_place(bins, (reference, current), compared.place)
    is_constant = np.count_nonzero(reference + current) < 2
    finding = Finding(
        Question.DATA,
        "distribution",
        Verdict.PASS,
        "",
        bins.name,
        effect=compared.effect,
        unit=SHARE,
        standard_error=compared.standard_error,
        limit=policy.fit_filled(policy.distribution_limit, column.filled),
        p_value=None if is_constant else compared.p_value,
        reference=before,
        current=now,
    )
    seen = f"{bins.name}: {beyond} for {format_share(now)} of {column.whose}, {format_share(before)} before."
    return Draft(finding, seen, partial(smallest_change, compared.standard_error))


def _describe_place(bins: Bins, counts: tuple[Counts, Counts], place: int) -> tuple[float, float, str]:
    """The share beyond the line, or of the level, that moved most: before, now, and its name."""
    if bins.is_ordered:
        before, now = (float(window[place + 1 :].sum() / window.sum()) for window in counts)
        return before, now, bins.name_line(place)
    before, now = (float(window[place] / window.sum()) for window in counts)
    return before, now, bins.name_level(place)


def find_never_seen(column: Column, comparison: Comparison) -> Draft:
    """The share of values that the reference does not have; of words, beyond what is usual for so many."""
    bins, filled = column.bins, column.filled
    if bins.is_number:  # special values are known: the contract names them
        known = slice(bins.intervals + 1)
        column = replace(column, reference=column.reference[known], current=column.current[known])
    if (skipped := _skip(column, "never_seen", comparison.policy.never_seen_limit)) is not None:
        return skipped
    # As many independent rows.
    n, m = (round(value / effect) for value, effect in zip(column.values, column.design_effects, strict=True))
    usual, error, named = 0.0, 0.0, ""
    if bins.is_number:
        count = int(column.current[list(bins.new_codes)].sum())
        p_value = chance_beyond_range(round(count / column.design_effects[1]), n, m)
        kind = "a value outside the reference's range"
    else:
        before, now, new = _count_words(column, comparison)
        words = bins.count_new(comparison.observed.applications[bins.name])
        count, named = int(words.sum()), f": {list_words(words)}" if len(words) else ""
        usual, error = usual_new_share(before)
        p_value = chance_of_new_levels(np.concatenate([before, np.zeros_like(new)]), np.concatenate([now, new]))
        kind = "a category that does not occur in the reference"
    share = count / column.values[1]
    finding = Finding(
        Question.DATA,
        "never_seen",
        Verdict.PASS,
        "",
        bins.name,
        effect=max(share - usual, 0.0),
        unit=SHARE,
        standard_error=float(np.hypot(np.sqrt(share * (1 - share) / max(m, 1)), error)),
        limit=comparison.policy.fit_filled(comparison.policy.never_seen_limit, filled),
        p_value=p_value,
        reference=usual,
        current=share,
    )
    said = f"; about {format_share(usual)} is usual for so many categories" if usual else ""
    seen = f"{bins.name}: {format_share(share)} of {column.whose} have {kind}{said}{named}."
    noise = float(np.hypot(np.sqrt(usual * (1 - usual) / max(m, 1)), error))
    if usual:
        return Draft(finding, seen, partial(smallest_change, noise, sides=1))
    return Draft(finding, seen, partial(smallest_share_beyond, n, m))


def _count_words(column: Column, comparison: Comparison) -> tuple[Counts, Counts, Counts]:
    """The customers of each word that the reference has, in it and in the window; then of each that it does not have.

    Of frequent words the rows are divided by the design effect: each has so many that no more is asked of them.
    """
    bins, values, keys = column.bins, comparison.observed.applications[column.bins.name], comparison.keys
    before, now = (
        np.rint(counts[1:-1] / effect).astype(np.int64)
        for counts, effect in zip((column.reference, column.current), column.design_effects, strict=True)
    )
    rare_before, rare = np.array(list(bins.rare.values()), dtype=np.int64), bins.count_rare(values, keys)
    new = bins.count_new(values, keys).to_numpy(np.int64)
    return np.concatenate([before, rare_before]), np.concatenate([now, rare]), new


def _skip(column: Column, check: str, limit: float) -> Draft | None:
    """A column with hardly a value in a window cannot be compared; None where it can.

    Where it is filled for fewer applicants than the limit in both windows, no change of its values can matter.
    """
    bins, values, rows = column.bins, column.values, column.rows
    before, now = values
    if min(values) >= LEAST_VALUES:
        return None
    filled = f"{now:,} values in the window and {before:,} in the reference"
    if max(value / row for value, row in zip(values, rows, strict=True)) < limit:
        finding = Finding(Question.DATA, check, Verdict.PASS, "", bins.name)
        return Draft(finding, f"{bins.name}: only {filled}, too few to matter.", lambda _: 0.0)
    finding = Finding(Question.DATA, check, Verdict.NOT_ENOUGH_DATA, "", bins.name)
    reason = f"{bins.name}: {filled}. They cannot be compared; at least {LEAST_VALUES} of each are needed."
    return Draft(finding, reason, lambda _: 0.0)
