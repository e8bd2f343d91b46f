"""Onset: on which day of the window did each change begin, or had it begun before?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.core.arrays import Days
from tasks.core.findings import Finding, Verdict
from tasks.core.onset import DayValue, Onset, OnsetKind
from tasks.drift.carriers import APPLICANT_CARRIERS, Carrier
from tasks.drift.comparison import Comparison
from tasks.drift.label_carriers import LABEL_CARRIERS
from tasks.statistics.change_point import ChangePoint, find_change_point
from tasks.statistics.daily_series import DailySeries

ERROR = 0.05  # of the interval, as everywhere
# An interval of more than this part of the window tells no day.
WIDEST = 0.75
_CARRIERS = {**APPLICANT_CARRIERS, **LABEL_CARRIERS}


def date_changes(findings: Sequence[Finding], comparison: Comparison) -> list[Finding]:
    """The findings, each alarm with its onset, which its sentence ends with.

    Parameters
    ----------
    findings : sequence of Finding
        Judged.
    comparison : Comparison
        That they were measured on; without the days of its rows nothing is dated.

    Returns
    -------
    list of Finding
        In the given order.
    """
    return [date_change(finding, comparison) for finding in findings]


def date_change(finding: Finding, comparison: Comparison) -> Finding:
    """The finding with its onset, if it is an alarm and the days of the comparison's rows tell any."""
    days, find = comparison.observed.days, _CARRIERS.get(finding.check)
    if finding.verdict is not Verdict.FAIL or days is None or find is None:
        return finding
    carrier = find(finding, comparison)
    onset = None if carrier is None else find_onset(carrier, days)
    if onset is None:
        return finding
    return replace(finding, onset=onset, sentence=f"{finding.sentence} {onset.sentence}")


def find_onset(carrier: Carrier, days: Days) -> Onset | None:
    """When a change began, from what its carrier shows by day.

    Parameters
    ----------
    carrier : Carrier
        What the window's applications say of the change.
    days : array of n
        The day of each application of the window.

    Returns
    -------
    Onset or None
        None without an application that says anything, or without a reference.
    """
    told = days[carrier.rows].astype("datetime64[D]")
    if not len(told) or carrier.reference[0] <= 0:
        return None
    place = (told - told.min()).astype(np.int64)
    rows = np.bincount(place)
    weights, numbers = (
        np.asarray(np.bincount(place, values), dtype=np.float64) for values in (carrier.weights, carrier.numbers)
    )
    used = weights > 0
    if not used.any():
        return None
    series = DailySeries(weights[used], numbers[used], carrier.reference, carrier.variance)
    values = carrier.factor * series.sums / series.rows
    dates = (told.min() + np.flatnonzero(used)).tolist()
    by_day = tuple(map(DayValue, dates, rows[used].tolist(), values.tolist()))
    before = carrier.factor * carrier.reference[1] / carrier.reference[0] + 0.0
    return _date(find_change_point(series, ERROR), Onset(OnsetKind.UNDATED, carrier.measured, before, by_day), carrier)


def _date(found: ChangePoint, undated: Onset, carrier: Carrier) -> Onset:
    """The onset with its day, where there is one."""
    days = undated.by_day
    if not found.is_single or found.latest - found.earliest > WIDEST * (len(days) - 1):
        return undated
    return replace(
        undated,
        kind=OnsetKind.STEP if found.earliest else OnsetKind.BEFORE,
        day=days[found.place].day,
        earliest=days[found.earliest].day if found.earliest else None,
        latest=days[found.latest].day,
        level=carrier.factor * found.level,
    )
