"""From measured changes to findings: corrected for their number, judged, and said in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tasks.core.excess import count_limits
from tasks.core.findings import Finding, Question, Verdict, judge
from tasks.core.wording import AUC, format_amount
from tasks.statistics.power import Bar
from tasks.statistics.proportions import correct_by_holm

MOST_NAMED = 3  # columns, by a finding that is about no single one


@dataclass(frozen=True)
class Draft:
    """A measured change that is not judged yet.

    Parameters
    ----------
    finding
        Its p value is not corrected. Without a p value it was not tested, and keeps its verdict.
    seen
        What was measured, in a sentence.
    find_smallest
        The smallest true change that would have cleared a bar in 80 of 100 windows.
    weight
        Its part of an error budget that it shares with others.
    """

    finding: Finding
    seen: str
    find_smallest: Callable[[Bar], float]
    weight: float = 1.0


def judge_family(drafts: Sequence[Draft], level: float) -> list[Finding]:
    """Judge drafts that share one error budget.

    Parameters
    ----------
    drafts : sequence of Draft
        In any order.
    level : float
        The error budget of all together (Holm's correction), between 0 and 1.

    Returns
    -------
    list of Finding
        Alarms first, and among them by how far the change exceeds its limit.

    Examples
    --------
    >>> finding = Finding(Question.LABEL, "rate", Verdict.PASS, "", effect=0.1, unit="rate", limit=0.03, p_value=1e-5)
    >>> [str(one.verdict) for one in judge_family([Draft(finding, "10 points.", lambda bar: 0.05)], level=0.01)]
    ['fail']
    """
    tested = [place for place, draft in enumerate(drafts) if draft.finding.p_value is not None]
    weights = np.array([drafts[place].weight for place in tested])
    corrected = correct_by_holm(np.array([drafts[place].finding.p_value for place in tested], dtype=float), weights)
    p_values = dict(zip(tested, corrected.tolist(), strict=True))
    whole = float(weights.sum()) or 1.0
    findings = [
        _judge_one(draft, level, p_values.get(place), draft.weight / whole) for place, draft in enumerate(drafts)
    ]
    return sorted(findings, key=_weigh)


def _judge_one(draft: Draft, level: float, p_value: float | None, share: float) -> Finding:
    judged = judge(replace(draft.finding, p_value=p_value, level=level))
    if judged.limit is not None and judged.effect is not None:
        smallest = draft.find_smallest(Bar(level * share, judged.limit))
        judged = replace(judged, smallest_detectable=smallest)
    return replace(judged, sentence=f"{draft.seen} {say_verdict(judged)}".strip())


def _weigh(finding: Finding) -> tuple[bool, float, float]:
    """Failed findings first, and among them by how far the change exceeds its limit."""
    excess = count_limits(finding.effect, finding.limit, finding.unit, finding.standard_error)
    return finding.verdict is not Verdict.FAIL, -excess, finding.p_value if finding.p_value is not None else 1.0


def say_rows(findings: Sequence[Finding], rests_on: str) -> list[Finding]:
    """The findings, each measured one with the rows that it rests on, where these are not all."""
    if not rests_on:
        return list(findings)
    return [
        finding if finding.effect is None else replace(finding, sentence=f"{finding.sentence} {rests_on}")
        for finding in findings
    ]


def say_verdict(finding: Finding) -> str:
    """The verdict in a sentence; nothing where the finding was not measured."""
    if finding.effect is None or finding.limit is None or finding.smallest_detectable is None:
        return ""
    is_auc = finding.unit == AUC
    limit = f"limit of {finding.limit:.3f}" if is_auc else f"{100 * finding.limit:.1f}-point limit"
    reduced = ", less one standard error," if finding.standard_error else ""
    if finding.verdict is Verdict.FAIL:
        return f"Statistically significant and{reduced} above the {limit}."
    if finding.verdict is Verdict.WARN:
        return f"Significant but{reduced} below the {limit}; reported for information."
    if not is_auc and finding.smallest_detectable >= 1:
        return "No significant change; in a window of this size none could be detected."
    smallest = format_amount(finding.smallest_detectable, finding.unit)
    detected = f"an AUC of {smallest}" if is_auc and finding.limit > 0.5 else f"a change of {smallest}"
    return f"No significant change. A window of this size would detect {detected} in 4 of 5 cases."


def report_no_data(question: Question, check: str, reason: str, verdict: Verdict = Verdict.NOT_ENOUGH_DATA) -> Finding:
    """A finding that says why a question could not be answered.

    Parameters
    ----------
    question, check
        What was asked.
    reason : str
        In a sentence.
    verdict : Verdict
        `not_enough_data` or `not_run`.

    Returns
    -------
    Finding
        Without a number.
    """
    return Finding(question, check, verdict, reason)
