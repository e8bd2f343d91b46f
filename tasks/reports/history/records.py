"""What the history page shows, read from the run, finding, mljob, promotion, model_version and alert tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from tasks.alerts.repeats import mark_finding, name_subject
from tasks.core.changed_limits import list_changed_limits
from tasks.core.findings import Question, Verdict, find_gravest
from tasks.core.wording import name_outcome
from tasks.schema.queries import read_query

RUNS, ALERTS = 300, 100
FAILED, CANCELLED = "failed", "cancelled"
# What the journal says of a run that was told to stop.
TOLD_TO_STOP = ("cancelled:", "TerminationSignal", "KeyboardInterrupt", "CancelledError")
Record = dict[str, Any]


@dataclass(frozen=True)
class PastRun:
    """One run. Without a stored outcome it has not ended, or stopped at the stage and for the reason given.

    `changed_limits` are those that differed from the defaults; None where they were not recorded, as in runs of before.
    `figures` are `tasks.reports.figures`.
    """

    contract: str
    job_id: str
    started_at: datetime
    seconds: float
    stopped_at: str | None
    message: str
    window_start: date | None
    window_end: date | None
    stored_outcome: str | None
    was_retrained: bool
    findings: Sequence[Record]
    bank: Record | None = None
    figures: Record | None = None
    champion: int | None = None
    changed_limits: Record | None = None
    flow_run_page: str = ""

    @property
    def window(self) -> tuple[date, date] | None:
        """The first and the last day; None where the run of before stopped too early to record them."""
        return (self.window_start, self.window_end) if self.window_start and self.window_end else None

    @property
    def is_cancelled(self) -> bool:
        """Whether the run was told to stop."""
        return self.stopped_at is not None and self.message.startswith(TOLD_TO_STOP)

    @property
    def outcome(self) -> str:
        """The stored outcome; `cancelled` where the run was told to stop, `failed` where it stopped or has no end."""
        if self.is_cancelled:
            return CANCELLED
        return FAILED if self.stopped_at or self.stored_outcome is None else self.stored_outcome

    @property
    def outcome_name(self) -> str:
        """The outcome in words."""
        if self.is_cancelled:
            return CANCELLED
        if self.stopped_at:
            return "run failed"
        if self.stored_outcome is None:
            return "not finished"
        return name_outcome(self.stored_outcome, was_retrained=self.was_retrained)

    @property
    def limits(self) -> list[str]:
        """The limits that differed from the defaults, in words."""
        policy: dict[str, Record] = {}
        for name, value in (self.changed_limits or {}).items():
            part, _, limit = name.partition(".")
            policy.setdefault(part, {})[limit] = value
        return [str(limit) for limit in list_changed_limits(policy)]

    @cached_property
    def marks(self) -> dict[str, str]:
        """The verdict of each finding, by what makes it the same one in another run."""
        found = {}
        for f in self.findings:
            about = name_subject(f["check"], f["subject"], f["columns"])
            found[mark_finding(f["question"], f["check"], about, Verdict(f["verdict"]))] = f["verdict"]
        return found

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """Each question's gravest verdict."""
        return {
            str(question): find_gravest(f["verdict"] for f in self.findings if f["question"] == question)
            for question in Question
        }

    def find(self, check: str) -> Record | None:
        """The finding of a check on the window as a whole."""
        return next((finding for finding in self.findings if finding["check"] == check), None)


@dataclass(frozen=True)
class History:
    """One contract's runs (the newest first), promotions (the oldest first) and alerts (the newest first).

    `settlements` is what persons have said of runs and their changes, the oldest first.
    """

    contract: str
    runs: Sequence[PastRun]
    promotions: Sequence[Record]
    alerts: Sequence[Record]
    settlements: Sequence[Record] = ()

    @cached_property
    def by_window(self) -> list[tuple[tuple[date, date] | None, list[PastRun]]]:
        """The runs by window, the newest window and in it the newest run first; runs without a window come last."""
        groups: dict[tuple[date, date] | None, list[PastRun]] = {}
        for run in self.runs:
            groups.setdefault(run.window, []).append(run)
        return sorted(groups.items(), key=lambda group: _order(group[0]), reverse=True)

    @cached_property
    def windows(self) -> list[PastRun]:
        """The latest run of every window that came to an outcome, the earliest window first."""
        latest: dict[tuple[date, date], PastRun] = {}
        for run in reversed(self.runs):
            if run.window is not None and run.stored_outcome is not None:
                latest[run.window] = run
        return [latest[window] for window in sorted(latest, key=_order)]


def _order(window: tuple[date, date] | None) -> tuple[date, date]:
    """Windows go by their last day."""
    return (window[1], window[0]) if window else (date.min, date.min)


def list_estimates(history: History) -> list[tuple[date, date, Record]]:
    """For each window the latest estimate of its AUC that was made before all of its decisions had come."""
    estimates: dict[tuple[date, date], Record] = {}
    for run in reversed(history.runs):
        found = run.find("estimated_auc")
        if run.window is not None and found is not None and found["current"] is not None:
            estimates[run.window] = found
    return [(*window, found) for window, found in sorted(estimates.items())]


def read_history(connection: Connection) -> list[History]:
    """Every contract's history, by the contract's name."""
    past = read_runs(connection)
    promotions = [dict(row) for row in connection.execute(read_query("history/promotions")).mappings()]
    alerts = [dict(row) for row in connection.execute(read_query("history/alerts"), {"alerts": ALERTS}).mappings()]
    said = [dict(row) for row in connection.execute(read_query("history/settlements")).mappings()]
    names = sorted({run.contract for run in past} | {row["contract"] for row in promotions})
    return [
        History(
            name,
            [run for run in past if run.contract == name],
            [row for row in promotions if row["contract"] == name],
            [row for row in alerts if row["contract"] == name],
            [row for row in said if row["contract"] == name],
        )
        for name in names
    ]


def read_runs(connection: Connection, job_ids: Sequence[str] | None = None) -> list[PastRun]:
    """The latest runs, or those that are named, with their findings, the newest first."""
    asked: Record = {"runs": RUNS, "job_ids": None if job_ids is None else list(job_ids)}
    runs = connection.execute(read_query("history/runs"), asked).mappings().all()
    rows = connection.execute(read_query("history/findings"), {"job_ids": [run["job_id"] for run in runs]}).all()
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(row.job_id, []).append(row.details)
    return [PastRun(**run, findings=found.get(run["job_id"], [])) for run in runs]
