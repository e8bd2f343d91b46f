"""Request: what a run was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prefect.context import FlowRunContext

from tasks.core.policy import MonitorPolicy
from tasks.core.windows import PlanError, Window


@dataclass(frozen=True)
class DateOptions:
    """The days as the caller gave them; both ends of a window or neither. `trailing_days` stands in for a month."""

    start: date | None = None
    end: date | None = None
    reference_start: date | None = None
    reference_end: date | None = None
    trailing_days: int | None = None

    @property
    def window(self) -> Window | None:
        """The window asked for, if any. Raises PlanError for half a window."""
        return _both("start", self.start, "end", self.end)

    @property
    def reference(self) -> Window | None:
        """The reference asked for, if any. Raises PlanError for half a window."""
        return _both("reference-start", self.reference_start, "reference-end", self.reference_end)


def _both(first_name: str, first: date | None, last_name: str, last: date | None) -> Window | None:
    if (first is None) != (last is None):
        raise PlanError(f"Give both --{first_name} and --{last_name}, or neither.")
    return None if first is None or last is None else Window(first, last)


@dataclass(frozen=True)
class RunRequest:
    """What a run was asked for. `scheduled_on` is the day of the schedule's slot, None for a run started by hand.

    `champion` is the version to monitor against in place of the one that was effective then. `backfill` names the
    backfill that the window is a part of.
    """

    asked: DateOptions
    contract: str
    database: str | None
    results: str
    models: str
    policy: MonitorPolicy
    scheduled_on: date | None = None
    champion: int | None = None
    may_promote: bool = True
    backfill: str | None = None


def find_scheduled_day() -> date | None:
    """The day of the schedule's slot, where a schedule started this run."""
    context = FlowRunContext.get()
    flow_run = context.flow_run if context else None
    if flow_run is None or not flow_run.auto_scheduled or flow_run.expected_start_time is None:
        return None
    return flow_run.expected_start_time.date()
