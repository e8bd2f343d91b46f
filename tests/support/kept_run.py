"""A run that found one drifted column and kept its champion, made without the pipeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from tasks.core.findings import Finding, Outcome, Question, Verdict
from tasks.core.windows import Window
from tasks.job.run_result import RunResult

MOVED = Finding(
    Question.DATA, "distribution", Verdict.FAIL, "annual_income moved: 12 % of applicants <crossed> a line.",
    subject="annual_income", effect=0.12, unit="share of applicants", limit=0.06, p_value=0.0001, level=0.008,
)  # fmt: skip
UNFIT = replace(MOVED, question=Question.QUALITY, check="rows", subject="")


def make_run(results: Path) -> RunResult:
    """The run's end."""
    return RunResult(
        "20240901T060000-3f9a1c", "loan_applications", Window(date(2024, 8, 1), date(2024, 8, 31)),
        results / "20240901T060000-3f9a1c", Outcome.KEPT, "Kept.", (MOVED,), champion=3,
        champion_kind="random_forest", champion_after=3,
    )  # fmt: skip


def summarise(run: RunResult) -> dict[str, Any]:
    """What its summary.json would say, as far as alerts and artifacts read it."""
    return {
        "outcome": str(run.outcome), "reason": run.reason,
        "contract": {"name": "loan_applications", "positive": "loan given"},
        "window": {"start": "2024-08-01", "end": "2024-08-31"}, "results": str(run.results),
        "verdicts": dict.fromkeys([str(question) for question in Question], "pass") | {"data": "fail"},
        "findings": [finding.as_record() for finding in run.findings], "comparison": None,
        "champion": {"version": 3, "kind": "random_forest"}, "champion_after": 4,
    }  # fmt: skip
