"""Answers: a run's answer to a question in a line, from its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.core.causes import answer_question, read_causes
from tasks.core.findings import Question
from tasks.core.positive import Positive


def answer(summary: Mapping[str, Any], question: str, verdict: str) -> str:
    """The first cause with the question's verdict and the names of the others; of an unfit window every reason."""
    if verdict == "pass":
        return ""
    if question == Question.QUALITY and verdict == "fail":
        asked = (f for f in summary["findings"] if f["question"] == question and f["verdict"] == verdict)
        return "\n".join(finding["sentence"] for finding in asked)
    positive = Positive(summary["contract"]["positive"])
    return answer_question(read_causes(summary["findings"]), question, verdict, positive)
