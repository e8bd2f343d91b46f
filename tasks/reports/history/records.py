"""What the history page shows, read from the run, finding, mljob, promotion, model_version and alert tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from tasks.core.findings import Question, Verdict, find_gravest
from tasks.core.wording import name_outcome
from tasks.schema.queries import read_query

RUNS, ALERTS = 100, 50
FAILED = "failed"
Record = dict[str, Any]


@dataclass(frozen=True)
class PastRun:
    """One run. Without a stored outcome it has no window: it stopped before, at the stage and for the reason given."""

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

    @property
    def window(self) -> tuple[date, date] | None:
        """The first and the last day."""
        return (self.window_start, self.window_end) if self.window_start and self.window_end else None

    @property
    def outcome(self) -> str:
        """The stored outcome; `failed` where the run stopped, or has not ended."""
        return FAILED if self.stopped_at or self.stored_outcome is None else self.stored_outcome

    @property
    def outcome_name(self) -> str:
        """The outcome in words."""
        if self.stopped_at:
            return "run failed"
        if self.stored_outcome is None:
            return "not finished"
        return name_outcome(self.stored_outcome, was_retrained=self.was_retrained)

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
    """One contract's runs (the newest first), promotions (the oldest first) and alerts (the newest first)."""

    contract: str
    runs: Sequence[PastRun]
    promotions: Sequence[Record]
    alerts: Sequence[Record]

    @cached_property
    def windows(self) -> list[PastRun]:
        """The latest run of every window, the earliest window first."""
        latest: dict[tuple[date, date], PastRun] = {}
        for run in reversed(self.runs):
            if run.window is not None:
                latest[run.window] = run
        return [latest[window] for window in sorted(latest)]


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
    runs = connection.execute(read_query("history/runs"), {"runs": RUNS}).mappings().all()
    rows = connection.execute(read_query("history/findings"), {"job_ids": [run["job_id"] for run in runs]}).all()
    promotions = [dict(row) for row in connection.execute(read_query("history/promotions")).mappings()]
    alerts = [dict(row) for row in connection.execute(read_query("history/alerts"), {"alerts": ALERTS}).mappings()]
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(row.job_id, []).append(row.details)
    past = [PastRun(**run, findings=found.get(run["job_id"], [])) for run in runs]
    names = sorted({run.contract for run in past} | {row["contract"] for row in promotions})
    return [
        History(
            name,
            [run for run in past if run.contract == name],
            [row for row in promotions if row["contract"] == name],
            [row for row in alerts if row["contract"] == name],
        )
        for name in names
    ]
