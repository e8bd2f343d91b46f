"""Carriers: which number of each application shows a change, so that it can be followed from day to day.

Each has a known mean in the reference, and another one where the change is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats, Integers, Mask
from tasks.core.findings import Finding
from tasks.drift.comparison import Comparison
from tasks.profile.bins import MISSING, Bins
from tasks.statistics.distributions import compare_levels, compare_ordered

# Of unordered levels, those count that moved as the most moved one did, at least by this much of its change.
MOVED_ALIKE = 0.5


@dataclass(frozen=True, eq=False)
class Carrier:
    """What the applications of a window say of one change.

    Parameters
    ----------
    measured
        What the mean is, in a few words.
    rows : array of n
        The positions of the window's applications that have the number.
    numbers, weights : arrays of n
        The number times its weight, and the weight (1 where every application counts alike).
    reference
        The weights of the reference, and the sum of its numbers.
    variance
        That of a number of weight 1; None where it is 0 or 1.
    factor
        What a mean is multiplied with for the reader.
    """

    measured: str
    rows: Integers
    numbers: Floats
    weights: Floats
    reference: tuple[float, float]
    variance: float | None = None
    factor: float = 1.0


def carry_flags(measured: str, rows: Integers, flags: Mask, reference: tuple[float, float]) -> Carrier:
    """Whether an application has something, as a carrier."""
    return Carrier(measured, rows, flags.astype(np.float64), np.ones(len(rows)), reference)


def find_place(comparison: Comparison, column: str) -> int:
    """The place of a column among the profile's."""
    return next(place for place, bins in enumerate(comparison.profile.columns) if bins.name == column)


def _carry_distribution(finding: Finding, comparison: Comparison) -> Carrier:
    """Whether the value lies beyond the line that most applicants crossed, or is one of the levels that moved most."""
    place = find_place(comparison, finding.subject)
    bins, codes = comparison.profile.columns[place], comparison.codes[:, place]
    reference, current = comparison.profile.counts[place][1:], comparison.counts[place][1:]
    if bins.is_ordered:
        line = compare_ordered(reference, current).place
        is_moved, name = np.arange(len(reference)) > line, bins.name_line(line)
    else:
        level = compare_levels(reference, current).place
        change = current / current.sum() - reference / reference.sum()
        is_moved = change * np.sign(change[level]) >= MOVED_ALIKE * abs(change[level])
        name = bins.name_level(level) if is_moved.sum() == 1 else f"{is_moved.sum()} categories that moved alike"
    rows = np.flatnonzero(codes != MISSING)
    whole = float(reference.sum()), float(reference[is_moved].sum())
    return carry_flags(f"share with {bins.name}: {name}", rows, is_moved[codes[rows] - 1], whole)


def _carry_missing(finding: Finding, comparison: Comparison) -> Carrier:
    place = find_place(comparison, finding.columns[0])
    counts, codes = comparison.profile.counts[place], comparison.codes[:, place]
    reference = float(counts.sum()), float(counts[MISSING])
    name = finding.subject or f"{finding.columns[0]} and others"
    return carry_flags(f"share with {name} missing", np.arange(len(codes)), codes == MISSING, reference)


def _carry_never_seen(finding: Finding, comparison: Comparison) -> Carrier:
    place = find_place(comparison, finding.subject)
    bins, codes = comparison.profile.columns[place], comparison.codes[:, place]
    counts = comparison.profile.counts[place]
    if bins.is_number:
        rows = np.flatnonzero((codes != MISSING) & (codes <= bins.intervals))
        is_new, before = np.isin(codes[rows], bins.new_codes), float(counts[1 : bins.intervals + 1].sum())
    else:
        rows = np.flatnonzero(codes != MISSING)
        is_new = _find_new_words(bins, comparison.observed.applications[bins.name])[rows]
        before = float(counts[1:].sum())
    usual = finding.reference or 0.0
    return carry_flags(f"share with a new value of {bins.name}", rows, is_new, (before, usual * before))


def _find_new_words(bins: Bins, values: pd.Series) -> Mask:
    """Which rows have a category that the reference does not have."""
    held = values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("category")
    is_new = ~held.cat.categories.isin([*bins.categories, *bins.rare])
    return np.append(is_new, False)[held.cat.codes.to_numpy()]


def _carry_joint_shape(finding: Finding, comparison: Comparison) -> Carrier | None:
    """The classifier's score, as the share of the reference's rows that look less like the window."""
    found = comparison.separation
    if not len(found.rows):
        return None
    rows = float(len(comparison.profile.codes))
    measured = "AUC of a classifier that tells the day from the reference"
    # The shares of the reference's own rows would be uniform between 0 and 1.
    return Carrier(measured, found.rows, found.placements, np.ones(len(found.rows)), (rows, rows / 2), 1 / 12)


Find = Callable[[Finding, Comparison], Carrier | None]
APPLICANT_CARRIERS: Mapping[str, Find] = {
    "distribution": _carry_distribution,
    "missing": _carry_missing,
    "never_seen": _carry_never_seen,
    "joint_shape": _carry_joint_shape,
}
