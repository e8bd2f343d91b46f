"""Alarms in a few words, for a line of a list."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.core.findings import Finding, Question
from tasks.core.wording import list_some, name_question

COLUMNS_NAMED = 4


def describe_alarms(alarms: Sequence[Finding]) -> str:
    """Alarms in a few words, by question.

    Examples
    --------
    >>> from tasks.core.findings import Verdict
    >>> income = Finding(Question.DATA, "distribution", Verdict.FAIL, "", "income")
    >>> describe_alarms([income, Finding(Question.LABEL, "approval_rate", Verdict.FAIL, "")])
    'data drift (income), label drift'
    """
    names: dict[Question, list[str]] = {}
    for finding in alarms:
        columns = [finding.subject] if finding.subject else finding.columns if finding.check == "missing" else ()
        names.setdefault(finding.question, []).extend(columns)
    words = []
    for question, columns in names.items():
        name = name_question(question)
        named = list_some(list(dict.fromkeys(columns)), COLUMNS_NAMED)
        words.append(f"{name} ({named})" if named else name)
    return ", ".join(words)
