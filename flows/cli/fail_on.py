"""--fail-on: an exit code of its own where a question that the caller cares about failed."""

from __future__ import annotations

from typing import Any

from tasks.core.findings import DRIFT_QUESTIONS, Question, Verdict
from tasks.core.windows import PlanError


def read_questions(given: list[str] | None) -> list[str]:
    """What --fail-on names, parted by commas or blanks. Raises PlanError for what is no question."""
    named = [name for word in given or [] for name in word.split(",") if name]
    known = [*Question, "drift"]
    unknown = [name for name in named if name not in known]
    if unknown:
        raise PlanError(f"--fail-on does not know {', '.join(unknown)}: choose from {', '.join(known)}.")
    return named


def judge_exit(summary: dict[str, Any], questions: list[str]) -> int:
    """3 where a question that the caller cares about failed, else 0."""
    asked = {name for word in questions for name in (DRIFT_QUESTIONS if word == "drift" else [word])}
    return 3 if any(summary["verdicts"][name] == Verdict.FAIL for name in asked) else 0
