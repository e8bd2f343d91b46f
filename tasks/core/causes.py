"""Causes: findings that one look at the data would explain are one item, their parts inside.

- What is found of one column by the data question has one cause.
- That all columns together differ has the cause of the columns by which they do, where each of these shows it itself.
- Another rule shows at an equal score, by the values of columns, and in the calibration, which is tested with the curve
  of the scores: one cause.
- Whatever else is found stands for itself: a worse ranking may come from the applicants as from the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.core.findings import Answer, Finding, Question, Verdict, find_gravest, rank_gravity, read_finding
from tasks.core.positive import UNNAMED, Positive, name_check
from tasks.core.wording import join_list, list_some

SIGNIFICANT = (Verdict.FAIL, Verdict.KNOWN, Verdict.WARN)
_RULE = "the rule"
_MOST_NAMED = 6


@dataclass(frozen=True)
class Cause:
    """Findings of one cause.

    Parameters
    ----------
    findings
        The one that says most first. No finding that passed is among them.
    places
        Their positions in the run's list.
    """

    findings: tuple[Finding, ...]
    places: tuple[int, ...]

    @property
    def lead(self) -> Finding:
        """The finding that says most."""
        return self.findings[0]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of the findings."""
        return find_gravest(finding.verdict for finding in self.findings)

    @property
    def answer(self) -> Answer | None:
        """Which run has answered it, where it is known."""
        known = (finding.answer for finding in self.findings if finding.verdict is Verdict.KNOWN)
        return next((answer for answer in known if answer is not None), None)

    def name(self, positive: Positive = UNNAMED) -> str:
        """What one would look at: a column, columns that are missing together, or what was measured."""
        lead, check = self.lead, name_check(self.lead.check, positive)
        if lead.question is Question.CONCEPT:
            return f"{check} ({lead.subject})" if lead.subject else check
        return lead.subject or (list_some(lead.columns) if lead.check == "missing" else check)

    def as_record(self) -> dict[str, Any]:
        """The cause as plain JSON values."""
        return {
            "question": str(self.lead.question),
            "subject": self.lead.subject,
            "verdict": str(self.verdict),
            "findings": list(self.places),
        }


def group_causes(findings: Sequence[Finding]) -> list[Cause]:
    """The causes of what a run found.

    Parameters
    ----------
    findings : sequence of Finding
        All of a run's.

    Returns
    -------
    list of Cause
        The gravest first, else in the order of their first finding. A finding without an answer is one of its own.
    """
    keys = _find_keys(findings)
    groups: dict[object, list[int]] = {}
    for place, finding in enumerate(findings):
        if finding.verdict is not Verdict.PASS:
            groups.setdefault(keys[place], []).append(place)
    causes = []
    for group in groups.values():
        places = sorted(group, key=lambda place: _rank(findings[place]))
        causes.append(Cause(tuple(findings[place] for place in places), tuple(places)))
    return sorted(causes, key=lambda cause: rank_gravity(cause.verdict))


def read_causes(records: Iterable[Mapping[str, Any]]) -> list[Cause]:
    """The causes of findings that are plain JSON values."""
    return group_causes([read_finding(record) for record in records])


def _find_keys(findings: Sequence[Finding]) -> list[object]:
    """What the findings of one cause have in common, for each finding."""
    alone = [_find_key(place, finding) for place, finding in enumerate(findings)]
    of_columns: dict[str, object] = {}
    for finding, key in zip(findings, alone, strict=True):
        if finding.question is Question.DATA and finding.verdict in SIGNIFICANT and finding.check != "joint_shape":
            for column in [finding.subject] if finding.subject else finding.columns:
                of_columns.setdefault(column, key)
    has_curve = any(finding.check == "score_curve" and finding.verdict in SIGNIFICANT for finding in findings)
    keys = []
    for finding, key in zip(findings, alone, strict=True):
        is_joint = finding.check == "joint_shape" and finding.columns and set(finding.columns) <= of_columns.keys()
        is_rule = finding.check == "calibration" and has_curve
        keys.append(of_columns[finding.columns[0]] if is_joint else _RULE if is_rule else key)
    return keys


def _find_key(place: int, finding: Finding) -> object:
    """The key of a finding by itself: a column's, the rule's, or one of its own."""
    if finding.verdict in SIGNIFICANT and finding.question is Question.DATA and finding.subject:
        return finding.subject
    if finding.verdict in SIGNIFICANT and finding.question is Question.CONCEPT:
        return _RULE
    return place


def _rank(finding: Finding) -> tuple[bool, int, bool, bool]:
    """The order within a cause: all columns together say least, the curve of the scores more than a column of it."""
    is_other = finding.check == "calibration"
    return finding.check == "joint_shape", rank_gravity(finding.verdict), is_other, finding.check != "score_curve"


def choose_told(cause: Cause, told: Sequence[Finding] | None = None) -> tuple[Finding, ...]:
    """The findings that tell a cause: the one that says most and, where that is only a note, why it is an alarm.

    Parameters
    ----------
    cause : Cause
        The findings.
    told : sequence of Finding
        Those of them that are to be told. Default: all.
    """
    chosen = [finding for finding in cause.findings if told is None or finding in told]
    gravest = min(chosen, key=lambda finding: rank_gravity(finding.verdict), default=cause.lead)
    if cause.lead.verdict is Verdict.WARN and gravest.verdict is not Verdict.WARN:
        return cause.lead, gravest
    return tuple(chosen[:1])


def describe_cause(cause: Cause, told: Sequence[Finding] | None = None) -> str:
    """What a cause is, in the sentences of the findings that tell it."""
    return " ".join(finding.sentence for finding in choose_told(cause, told))


def name_parts(cause: Cause, positive: Positive = UNNAMED, told: Sequence[Finding] | None = None) -> str:
    """The findings of a cause beside those that tell it, in a few words; nothing where there is none."""
    said, checks = choose_told(cause, told), dict[str, list[str]]()
    for finding in (finding for finding in cause.findings if finding not in said):
        columns = checks.setdefault(name_check(finding.check, positive), [])
        columns += [finding.subject] if finding.subject not in ("", cause.lead.subject) else []
    return join_list([f"{name} ({list_some(columns)})" if columns else name for name, columns in checks.items()])


def name_others(causes: Sequence[Cause], positive: Positive = UNNAMED) -> str:
    """The names of causes that are not told in full; nothing where there is none."""
    return list_some(list(dict.fromkeys(cause.name(positive) for cause in causes)), _MOST_NAMED)


def answer_question(causes: Sequence[Cause], question: str, verdict: str, positive: Positive = UNNAMED) -> str:
    """A question's answer in a line: its first cause with the question's verdict, and the names of the others."""
    asked: list[tuple[Cause, list[Finding]]] = []
    for cause in causes:
        own = [finding for finding in cause.findings if finding.question == question]
        if any(finding.verdict == verdict for finding in own):
            asked.append((cause, own))
    if not asked:
        return ""
    # What is only a part of another question's cause comes last.
    asked.sort(key=lambda pair: pair[0].lead.question != question)
    first, own = asked[0]
    others = name_others([cause for cause, _ in asked[1:]], positive)
    told = describe_cause(first, own) if first.lead in own else own[0].sentence
    return f"{told} (and also: {others})" if others else told
