"""loanwatch's findings as deepchecks checks, which only display the verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pandas as pd

from tasks.core.findings import Finding, Question, Verdict, rank_gravity
from tasks.core.positive import UNNAMED, Positive, name_check
from tasks.core.wording import VERDICTS


def run_verdicts(findings: Iterable[Finding], questions: Iterable[Question], positive: Positive = UNNAMED) -> list[Any]:
    """One deepchecks CheckResult per question and check name, gravest first; its value is the list of findings.

    Each finding is one condition result of the same category: pass, warn or fail. A question without an answer has the
    category `ERROR` (deepchecks could not evaluate the condition), which never counts as passed.
    """
    asked = list(questions)
    shown = [finding for finding in findings if finding.question in asked]
    shown.sort(key=lambda finding: (asked.index(finding.question), finding.check))
    groups = [list(group) for _, group in groupby(shown, key=lambda finding: (finding.question, finding.check))]
    groups = [sorted(group, key=_gravity) for group in groups]
    return [_run_verdict(group, positive) for group in sorted(groups, key=lambda group: _gravity(group[0]))]


def _gravity(finding: Finding) -> int:
    return rank_gravity(finding.verdict)


def _run_verdict(group: list[Finding], positive: Positive) -> Any:
    """Run a check that holds the findings, with one condition for each verdict."""
    from deepchecks.core import CheckResult, ConditionCategory, ConditionResult
    from deepchecks.tabular import Dataset, SingleDatasetCheck, Suite

    categories = {
        Verdict.PASS: ConditionCategory.PASS,
        Verdict.WARN: ConditionCategory.WARN,
        Verdict.KNOWN: ConditionCategory.WARN,
        Verdict.FAIL: ConditionCategory.FAIL,
    }

    class Verdicts(SingleDatasetCheck):  # type: ignore[misc]
        """A verdict of loanwatch."""

        def run_logic(self, context: Any, dataset_kind: Any) -> Any:
            return CheckResult(group, header=f"{group[0].question}: {name_check(group[0].check, positive)}")

    check = Verdicts()
    names = [VERDICTS[finding.verdict].name for finding in group]
    for finding, name in zip(group, names, strict=True):
        result = ConditionResult(categories.get(finding.verdict, ConditionCategory.ERROR), finding.sentence)
        check.add_condition(name, lambda _, result=result: result)
    table = Dataset(pd.DataFrame({"verdict": names}), cat_features=["verdict"])
    return Suite("loanwatch", check).run(table).results[0]
