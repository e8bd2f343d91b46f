"""Ripeness: up to which day have a window's decisions come in?

Refusals are often decided at once and approvals later, so that the decisions of the last days are a biased part of
those to come. Label, concept and model drift are judged, and models fitted and compared, on ripe days only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from tasks.contract.contract import Contract
from tasks.core.arrays import Days, Floats, Integers
from tasks.core.arrivals import count_by_day
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.windows import Window
from tasks.core.wording import format_share
from tasks.statistics.ripening import RipeDays, find_ripe_days

# A ripe day may lack this share of its decisions more than is usual; of rare decisions, a tenth of their share.
_TOLERANCE = 0.01
_RARE_PART = 0.1


@dataclass(frozen=True)
class Usual:
    """What is known of earlier, ripe rows: those without a decision, all of them, and the rarer decision's share."""

    undecided: int
    rows: int
    rarest: float


@dataclass(frozen=True)
class Ripeness:
    """The window's last ripe day, and the findings that say so.

    `until` is None where no day is ripe. `ripe_on` is the day on which the whole window should be, None where it is, or
    where no day can be named. `undecided` counts the rows without a decision on the ripe days. `findings` are of the
    days that are not ripe, and of decisions that seem to be lost.
    """

    window: Window
    until: date | None
    ripe_on: date | None
    undecided: int
    findings: tuple[Finding, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all days are ripe."""
        return self.until is not None and self.until >= self.window.end

    @property
    def note(self) -> str:
        """What a question about decisions has to add; nothing where all days are ripe."""
        if self.is_whole:
            return ""
        counted = "No day's decisions count yet, as they"
        if self.until:
            counted = f"Only decisions up to {self.until} count, as those of later days"
        come = f" Run it again on {self.ripe_on}." if self.ripe_on else ""
        return f"{counted} are still coming in.{come}"

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
    rows, undecided = count_by_day(window, days), count_by_day(window, days[np.isnan(labels)])
    # The last day of a table that has gone on since is older than the last day of a fresh one.
    late = max((read_on - window.end).days, 0) if read_on else 0
    found = _find_in_table(undecided, rows, labels, usual)
    if found.wait and found.days < window.days:
        found = replace(found, wait=found.wait + late)
    found = _allow_for_delay(found, contract.label_delay, window.days + late, window)
    return _describe(window, found, Counted(undecided, rows))


@dataclass(frozen=True, eq=False)
class Counted:
    """The rows of each day without a decision, and all of them."""

    undecided: Integers
    rows: Integers

    def share(self, first: int = 0) -> float:
        """The share without a decision from one day on, counted from 0."""
        return float(self.undecided[first:].sum() / max(int(self.rows[first:].sum()), 1))


def _find_in_table(undecided: Integers, rows: Integers, labels: Floats, usual: Usual | None) -> RipeDays:
    """The days that are ripe by the table alone; without a single decision none is, and no day can be named."""
    if undecided.sum() == rows.sum():
        return RipeDays(0 if rows.sum() else len(rows), 0.0, None, bool(rows.sum()))
    before = (usual.undecided, usual.rows) if usual else None
    return find_ripe_days(undecided, rows, before, _choose_tolerance(labels, usual))


def _choose_tolerance(labels: Floats, usual: Usual | None) -> float:
    rate = float(np.nanmean(labels))
    rarest = usual.rarest if usual else min(rate, 1 - rate)
    return min(_TOLERANCE, max(_RARE_PART * rarest, 1e-4))


def _allow_for_delay(found: RipeDays, delay: int | None, age: int, window: Window) -> RipeDays:
    """The days that are ripe by the contract as well; the window's first day is `age` days old."""
    if delay is None:
        return found
    days = min(found.days, max(age - delay, 0), window.days)
    # Where the table names no day, the contract does.
    return found if days == window.days else replace(found, days=days, wait=max(found.wait or 0, delay))


def _describe(window: Window, found: RipeDays, counted: Counted) -> Ripeness:
    until = window.start + timedelta(days=found.days - 1) if found.days else None
    ripe_on = window.end + timedelta(days=found.wait + 1) if found.wait and found.days < window.days else None
    ripeness = Ripeness(window, until, ripe_on, int(counted.undecided[: found.days].sum()))
    return replace(ripeness, findings=(_tell_waiting(ripeness, found, counted), _tell_lost(ripeness, found, counted)))


def _tell_waiting(ripeness: Ripeness, found: RipeDays, counted: Counted) -> Finding:
    """How many of the last days are not ripe, and since when."""
    waiting = ripeness.window.days - found.days
    since, share = ripeness.window.start + timedelta(days=found.days), counted.share(found.days)
    if not waiting:
        sentence = "The decisions of all days have come in, as far as the table shows."
    elif found.is_more:
        sentence = (
            f"From {since} on {format_share(share)} of the applications have no decision, where "
            f"{format_share(found.usual)} are usual: theirs are still to come. {ripeness.note}"
        )
    else:
        sentence = f"By the contract's `label_delay` decisions from {since} on are still to come. {ripeness.note}"
    return Finding(
        Question.QUALITY,
        "ripe_days",
        Verdict.WARN if waiting else Verdict.PASS,
        sentence,
        effect=float(waiting),
        unit="days",
    )


def _tell_lost(ripeness: Ripeness, found: RipeDays, counted: Counted) -> Finding:
    """How many applications have no decision, and whether more of them are lost than before."""
    share, undecided = counted.share(), int(counted.undecided.sum())
    is_lost = found.is_more and ripeness.is_whole
    sentence = f"{undecided:,} of {counted.rows.sum():,} applications have no decision"
    if is_lost:
        sentence += (
            f", {format_share(found.usual)} before, about as many on all days. Find out whether decisions were lost, "
            "and which"
        )
    return Finding(
        Question.QUALITY,
        "undecided",
        Verdict.WARN if is_lost else Verdict.PASS,
        f"{sentence}.",
        effect=share,
        unit="share of applications",
        reference=found.usual,
        current=share,
    )
