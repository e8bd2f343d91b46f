"""loanwatch's findings as deepchecks checks. They display verdicts that were already made, and make none."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pandas as pd

from tasks.core.findings import Finding, Question, Verdict

WORDS = {
    Verdict.FAIL: "fail",
    Verdict.NOT_ENOUGH_DATA: "not enough data",
    Verdict.NOT_RUN: "not run",
    Verdict.WARN: "warn",
    Verdict.PASS: "pass",
}
_GRAVITY = list(WORDS)


def run_verdicts(findings: Iterable[Finding], questions: Iterable[Question]) -> list[Any]:
    """One deepchecks CheckResult per question and check name, gravest first; its value is the list of findings.

    Each finding is one condition result of the same category: pass, warn or fail. A question that was not answered is
    deepchecks' category for a condition that could not be decided, `ERROR`, which never counts as passed.
    """
    asked = list(questions)
    kept = [finding for finding in findings if finding.question in asked]
    kept.sort(key=lambda finding: (asked.index(finding.question), finding.check))
    groups = [list(group) for _, group in groupby(kept, key=lambda finding: (finding.question, finding.check))]
    groups = [sorted(group, key=_gravity) for group in groups]
    return [_run_verdict(group) for group in sorted(groups, key=lambda group: _gravity(group[0]))]


def _gravity(finding: Finding) -> int:
    return _GRAVITY.index(finding.verdict)


def _run_verdict(group: list[Finding]) -> Any:
    """Run a check whose data are its findings, and whose conditions are their verdicts."""
    from deepchecks.core import CheckResult, ConditionCategory, ConditionResult
    from deepchecks.tabular import Dataset, SingleDatasetCheck, Suite

    categories = {
        Verdict.PASS: ConditionCategory.PASS,
        Verdict.WARN: ConditionCategory.WARN,
        Verdict.FAIL: ConditionCategory.FAIL,
    }

    class Verdicts(SingleDatasetCheck):  # type: ignore[misc]
        """A verdict of loanwatch."""

        def run_logic(self, context: Any, dataset_kind: Any) -> Any:
            return CheckResult(group, header=f"{group[0].question}: {group[0].check}")

    check = Verdicts()
    for finding in group:
        result = ConditionResult(categories.get(finding.verdict, ConditionCategory.ERROR), finding.sentence)
        check.add_condition(WORDS[finding.verdict], lambda _, result=result: result)
    table = Dataset(pd.DataFrame({"verdict": [WORDS[finding.verdict] for finding in group]}), cat_features=["verdict"])
    return Suite("loanwatch", check).run(table).results[0]
