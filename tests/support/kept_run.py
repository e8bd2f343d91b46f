"""A run that found one drifted column and kept its champion, made without the pipeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from blocks.postgres.connect import Database
from tasks.contract.load import load_contract
from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window
from tasks.extract.extract import Extract
from tasks.job.job import Job
from tasks.reports.summary import Run

MOVED = Finding(
    Question.DATA, "distribution", Verdict.FAIL, "annual_income moved: 12 % of applicants <crossed> a line.",
    subject="annual_income", effect=0.12, unit="share of applicants", limit=0.06, p_value=0.0001, level=0.008,
)  # fmt: skip
UNFIT = replace(MOVED, question=Question.QUALITY, check="rows", subject="")


def make_run(results: Path) -> Run:
    """The run, as the stages before the report leave it."""
    job = Job(
        "20240901T060000-3f9a1c", "monitor", load_contract("loan_applications"), Database("embedded", "x"),
        Window(date(2024, 8, 1), date(2024, 8, 31)), MonitorPolicy(), results / "20240901T060000-3f9a1c", "models",
        datetime(2024, 9, 1, 6, tzinfo=UTC),
    )  # fmt: skip
    champion: Any = SimpleNamespace(model=SimpleNamespace(version=3, kind="random_forest"))
    extract: Any = Extract.__new__(Extract)
    return Run(job, extract, [MOVED], champion=champion, champion_after=3, outcome=Outcome.KEPT, reason="Kept.")


def summarise(run: Run) -> dict[str, Any]:
    """What its summary.json would say, as far as alerts and artifacts read it."""
    return {
        "outcome": str(run.outcome), "reason": run.reason, "contract": {"name": "loan_applications"},
        "window": {"start": "2024-08-01", "end": "2024-08-31"}, "results": str(run.job.results),
        "verdicts": dict.fromkeys([str(question) for question in Question], "pass") | {"data": "fail"},
        "findings": [finding.as_record() for finding in run.findings], "comparison": None,
        "champion": {"version": 3, "kind": "random_forest"}, "champion_after": 4,
    }  # fmt: skip
