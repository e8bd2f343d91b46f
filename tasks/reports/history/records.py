"""What the history page shows, read from the finding, mljob, promotion, model_version and alert tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from tasks.core.findings import DRIFT_QUESTIONS, UNANSWERED, Outcome, Question, Verdict
from tasks.schema.queries import read_query

RUNS, ALERTS = 100, 50
GRAVITY = ("fail", "not_enough_data", "not_run", "warn", "pass")
Record = dict[str, Any]


@dataclass(frozen=True)
class PastRun:
    """One run. Without findings it has no window: it stopped before, at the stage and for the reason given."""

    contract: str
    job_id: str
    started_at: datetime
    seconds: float
    stopped_at: str | None
    message: str
    window: tuple[date, date] | None
    findings: Sequence[Record]
    has_promoted: bool

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """Each question's gravest verdict."""
        return {str(question): find_gravest(self.findings, str(question)) for question in Question}

    @cached_property
    def outcome(self) -> str:
        """How the run ended, by the findings and the ledger; `failed` where it could not do its work."""
        if not self.findings or self.stopped_at:
            return "failed"
        drift = [self.verdicts[str(question)] for question in DRIFT_QUESTIONS]
        if self.verdicts["quality"] == Verdict.FAIL:
            return str(Outcome.QUALITY_FAILED)
        if self.has_promoted:
            return str(Outcome.PROMOTED)
        if Verdict.FAIL in drift:
            return str(Outcome.KEPT)
        return str(Outcome.UNDECIDED if set(drift) & {str(verdict) for verdict in UNANSWERED} else Outcome.STABLE)

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


def find_gravest(findings: Sequence[Record], question: str) -> str:
    """One question's verdict, as `tasks.core.findings.summarise` gives it."""
    verdicts = {finding["verdict"] for finding in findings if finding["question"] == question}
    return next((verdict for verdict in GRAVITY if verdict in verdicts), "not_run")


def read_history(connection: Connection) -> list[History]:
    """Every contract's history, by the contract's name."""
    runs = connection.execute(read_query("history/runs"), {"runs": RUNS}).mappings().all()
    rows = connection.execute(read_query("history/findings"), {"job_ids": [run["job_id"] for run in runs]}).all()
    promotions = [dict(row) for row in connection.execute(read_query("history/promotions")).mappings()]
    alerts = [dict(row) for row in connection.execute(read_query("history/alerts"), {"alerts": ALERTS}).mappings()]
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.job_id, []).append(row)
    replaced = {row["job_id"] for row in promotions if row["from_version"] and row["to_version"]}
    past = [_make_run(dict(run), found.get(run["job_id"], []), run["job_id"] in replaced) for run in runs]
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


def _make_run(run: Record, rows: Sequence[Any], has_promoted: bool) -> PastRun:
    window = (rows[0].window_start, rows[0].window_end) if rows else None
    return PastRun(**run, window=window, findings=[row.details for row in rows], has_promoted=has_promoted)
