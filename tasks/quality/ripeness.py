"""Ripeness: up to which day have a window's decisions come in?

Refusals are often decided at once and approvals later, so that the decisions of the last days are a biased part of
those to come. Label, concept and model drift are judged, and models fitted and compared, on ripe days only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.windows import Window
from tasks.core.wording import format_share
from tasks.statistics.ripening import RipeDays, find_ripe_days

# A ripe day may lack this share of its decisions more than is usual; of rare decisions, a tenth of their share.
_TOLERANCE = 0.01
_RARE_PART = 0.1

Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Usual:
    """What is known of earlier, ripe rows: those without a decision, all of them, and the rarer decision's share."""

    undecided: int
    rows: int
    rarest: float


@dataclass(frozen=True)
class Ripeness:
    """The window's last ripe day, and the finding that says so.

    `until` is None where no day is ripe. `ripe_on` is the day on which the whole window should be, None where it is, or
    where no day can be named. `undecided` counts the rows without a decision on the ripe days.
    """

    window: Window
    until: date | None
    ripe_on: date | None
    undecided: int
    finding: Finding

    @property
    def is_whole(self) -> bool:
        """Whether all days are ripe."""
        return self.until is not None and self.until >= self.window.end

    @property
    def note(self) -> str:
        """What a question about decisions has to add; nothing where all days are ripe."""
        if self.is_whole:
            return ""
        counted = f"Only decisions up to {self.until} count" if self.until else "No day's decisions count yet"
        come = f" Run it again on {self.ripe_on}." if self.ripe_on else ""
        return f"{counted}, as those of later days are still coming in.{come}"

    def mask(self, labels: Floats, days: Days) -> Floats:
        """The labels, NaN on days that are not ripe."""
        if self.is_whole:
            return labels
        is_ripe = days <= np.datetime64(self.until, "D") if self.until else np.zeros(len(days), dtype=bool)
        return np.where(is_ripe, labels, np.nan)


def find_ripeness(
    contract: Contract,
    window: Window,
    days: Days,
    labels: Floats,
    *,
    usual: Usual | None = None,
    read_on: date | None = None,
) -> Ripeness:
    """Which of the window's days are ripe, by its own rows and by the contract's `label_delay`.

    `days` and `labels` are those of its applications. `usual` is what a model's reference shows; without it the first
    half of the window does, as for a reference itself. `read_on` is the day on which the table stands, by default the
    window's last.
    """
    place = (days - np.datetime64(window.start, "D")).astype(int)
    inside = (place >= 0) & (place < window.days)
    rows = np.bincount(place[inside], minlength=window.days)
    undecided = np.bincount(place[inside & np.isnan(labels)], minlength=window.days)
    if not rows.sum() or undecided.sum() == rows.sum():
        # Without a single decision there is nothing to find out.
        return _describe(window, RipeDays(window.days, 0.0, 0, False), undecided, rows)
    before = (usual.undecided, usual.rows) if usual else None
    found = find_ripe_days(undecided, rows, before, _choose_tolerance(labels, usual))
    # The last day of a table that has gone on since is older than the last day of a fresh one.
    late = max((read_on - window.end).days, 0) if read_on else 0
    if found.wait and found.days < window.days:
        found = replace(found, wait=found.wait + late)
    return _describe(window, _allow_for_delay(found, contract.label_delay, window.days + late, window), undecided, rows)


def _choose_tolerance(labels: Floats, usual: Usual | None) -> float:
    rate = float(np.nanmean(labels))
    rarest = usual.rarest if usual else min(rate, 1 - rate)
    return min(_TOLERANCE, max(_RARE_PART * rarest, 1e-4))


def _allow_for_delay(found: RipeDays, delay: int | None, age: int, window: Window) -> RipeDays:
    """The days that are ripe by the contract as well; the window's first day is `age` days old."""
    days = min(found.days, max(age - (delay or 0), 0), window.days)
    if days == found.days:
        return found
    return replace(found, days=days, wait=None if found.wait is None else max(found.wait, delay or 0))


def _describe(window: Window, found: RipeDays, undecided: NDArray[np.int64], rows: NDArray[np.int64]) -> Ripeness:
    until = window.start + timedelta(days=found.days - 1) if found.days else None
    ripe_on = window.end + timedelta(days=found.wait + 1) if found.wait and found.days < window.days else None
    share = float(undecided.sum() / max(rows.sum(), 1))
    is_unusual = found.is_more or found.days < window.days
    finding = Finding(
        Question.QUALITY,
        "undecided",
        Verdict.WARN if is_unusual else Verdict.PASS,
        "",
        effect=share,
        unit="share of applications",
        reference=found.usual,
        current=share,
    )
    ripeness = Ripeness(window, until, ripe_on, int(undecided[: found.days].sum()), finding)
    return replace(ripeness, finding=replace(finding, sentence=_say(ripeness, found, undecided, rows)))


def _say(ripeness: Ripeness, found: RipeDays, undecided: NDArray[np.int64], rows: NDArray[np.int64]) -> str:
    whole = f"{undecided.sum():,} of {rows.sum():,} applications have no decision"
    if not found.is_more and ripeness.is_whole:
        return f"{whole}; no more of them than usual on any day."
    if ripeness.is_whole:
        return (
            f"{whole}, {format_share(found.usual)} before, about as many on all days. Find out whether decisions were "
            "lost, and which."
        )
    last = slice(found.days, None)
    share = format_share(float(undecided[last].sum() / max(rows[last].sum(), 1)))
    since = ripeness.window.start + timedelta(days=found.days)
    return (
        f"{whole}: from {since} on {share}, where {format_share(found.usual)} are usual. Their decisions are still to "
        f"come. {ripeness.note}"
    )
