"""Own limits: a check that alarms without a change on the lender's own applications counts only beyond what it showed.

They are applied after the judgement, in one place: no check knows of them, and none can leave them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tasks.core.excess import find_start
from tasks.core.findings import Finding, Verdict, is_material
from tasks.core.self_check import OwnLimit
from tasks.core.wording import format_amount
from tasks.drift.judgement import say_verdict
from tasks.statistics.power import Bar, smallest_change


def apply_own_limits(findings: Sequence[Finding], own_limits: Sequence[OwnLimit], rows: int) -> list[Finding]:
    """The findings with the champion's own limits in place of lower ones.

    Parameters
    ----------
    findings : sequence of Finding
        Judged by the limits of the policy.
    own_limits : sequence of OwnLimit
        Those that the champion's self-check has raised.
    rows : int
        Of the window.

    Returns
    -------
    list of Finding
        An alarm that does not reach its own limit is a warning, and its sentence gives the reason. Alarms come first
        within each question, as before.
    """
    if not own_limits:
        return list(findings)
    judged = [_judge_again(finding, choose_own_limits(finding, own_limits), rows) for finding in findings]
    questions = list(dict.fromkeys(finding.question for finding in judged))
    return sorted(judged, key=lambda one: (questions.index(one.question), one.verdict is not Verdict.FAIL))


def list_subjects(finding: Finding) -> tuple[str, ...]:
    """The columns that a finding is about; "" where it is about the whole window.

    Columns that are missing together share a finding, and may not do so in the next window.
    """
    return finding.columns if finding.check == "missing" else (finding.subject,)


def choose_own_limits(finding: Finding, own_limits: Iterable[OwnLimit]) -> list[OwnLimit]:
    """The own limits that a finding is subject to; none unless all of its columns have one."""
    of_check = [own for own in own_limits if (own.question, own.check) == (finding.question, finding.check)]
    limits = {own.column: own for own in of_check}
    found = [limits.get(column, limits.get("")) for column in list_subjects(finding)]
    return [own for own in found if own is not None] if all(found) else []


def _judge_again(finding: Finding, own_limits: Sequence[OwnLimit], rows: int) -> Finding:
    if not own_limits or finding.limit is None or finding.effect is None:
        return finding
    own = max(own_limits, key=lambda one: one.limit)
    limit = _scale(finding, own, rows)
    if limit <= finding.limit:
        return finding
    raised = replace(finding, limit=limit, smallest_detectable=_find_smallest(finding, limit))
    if finding.verdict is Verdict.FAIL and not is_material(raised):
        raised = replace(raised, verdict=Verdict.WARN)
    before = say_verdict(finding)
    said = finding.sentence.replace(before, say_verdict(raised)) if before else finding.sentence
    reason = (
        f"The limit is this lender's own, in place of {format_amount(finding.limit, finding.unit)}: this check raised "
        f"{own.alarms} alarms in {own.splits} random splits of the reference, in which nothing had changed."
    )
    return replace(raised, sentence=f"{said} {reason}")


def _scale(finding: Finding, own: OwnLimit, rows: int) -> float:
    """The own limit at this window's size: with fewer rows than the splits had, chance shows larger changes."""
    nothing = find_start(finding.limit or 0.0, finding.unit)
    return float(nothing + (own.limit - nothing) * np.sqrt(max(own.rows / max(rows, 1), 1.0)))


def _find_smallest(finding: Finding, limit: float) -> float | None:
    """The smallest detectable change at the raised limit."""
    if finding.smallest_detectable is None:
        return None
    needed = smallest_change(finding.standard_error or 0.0, Bar(1.0, limit))
    return max(finding.smallest_detectable, needed)
