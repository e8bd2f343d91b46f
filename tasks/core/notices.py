"""Notices: what a careful reader of a run must not miss, whatever its outcome. Report and terminal show them first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.core.causes import Cause, describe_cause, name_others, read_causes
from tasks.core.changed_limits import list_changed_limits
from tasks.core.findings import DRIFT_QUESTIONS, UNANSWERED, Finding, Outcome, Question, Verdict, read_finding
from tasks.core.positive import Positive, name_check
from tasks.core.wording import list_some

# Notes on the data that can turn the result around; other notes on the data are only counted.
_GRAVE = ("auc_without_leaks", "leak", "strength", "ripe_days", "undecided", "model_name", "same_columns")
MOST_OF_A_KIND = 4


@dataclass(frozen=True)
class Notice:
    """One line for the reader.

    Parameters
    ----------
    text
        What there is to know, with its numbers.
    place
        Where the report says more: the id of an element of the page.
    """

    text: str
    place: str


def list_notices(summary: Mapping[str, Any]) -> list[Notice]:
    """What stands at the top of a report beside its result, the most important first.

    Parameters
    ----------
    summary : mapping
        A run's record, as in summary.json.

    Returns
    -------
    list of Notice
        Open questions, doubts about the data, notes on drift, known changes, and limits that differ from the defaults.
        What raised an alarm, or made the window unfit, is not among them: the headline says it.
    """
    findings = [read_finding(record) for record in summary["findings"]]
    causes, positive = read_causes(summary["findings"]), Positive(summary["contract"]["positive"])
    was_tested = summary["outcome"] != Outcome.QUALITY_FAILED
    return [
        *(_list_open(findings, summary["verdicts"], positive) if was_tested else []),
        *_list_doubts(findings),
        *_list_notes(causes, positive),
        *_list_known(causes, positive),
        *_count_other_notes(findings),
        *_list_limits(summary["policy"]),
    ]


def _list_open(findings: Sequence[Finding], verdicts: Mapping[str, str], positive: Positive) -> list[Notice]:
    """The questions that are open, or in part."""
    notices = []
    for question in DRIFT_QUESTIONS:
        unanswered = [f for f in findings if f.question is question and f.verdict in UNANSWERED]
        name = f"{str(question).capitalize()} drift"
        if verdicts[question] in UNANSWERED:
            why = unanswered[0].sentence if unanswered else "This question was not asked."
            notices.append(Notice(f"{name} is an open question, not an all-clear: {why}", place_of(question)))
        elif unanswered:
            checks = list_some(list(dict.fromkeys(f.subject or name_check(f.check, positive) for f in unanswered)))
            notices.append(Notice(f"{name}: a part could not be tested ({checks}).", place_of(question)))
    return notices


def _list_doubts(findings: Sequence[Finding]) -> list[Notice]:
    """Leaks, weak models, and decisions that are lost or still to come."""
    grave = [f for f in findings if f.check in _GRAVE and f.verdict is Verdict.WARN]
    grave.sort(key=lambda finding: _GRAVE.index(finding.check))
    return [Notice(finding.sentence, place_of(finding.question)) for finding in grave[:MOST_OF_A_KIND]]


def _list_notes(causes: Iterable[Cause], positive: Positive) -> list[Notice]:
    """Significant changes below their limits; those of the label, the rule and the model before those of columns."""
    drift = [c for c in causes if c.verdict is Verdict.WARN and c.lead.question is not Question.QUALITY]
    notes = [cause for cause in drift if cause.lead.check not in _GRAVE]
    notes.sort(key=lambda cause: cause.lead.question is Question.DATA)
    told, others = notes[:MOST_OF_A_KIND], notes[MOST_OF_A_KIND:]
    notices = [
        Notice(f"{str(c.lead.question).capitalize()} drift, a note. {describe_cause(c)}", place_of(c.lead.question))
        for c in told
    ]
    if others:
        notices.append(Notice(f"{_count(len(others), 'more note')}: {name_others(others, positive)}.", "checks"))
    return notices


def _list_known(causes: Iterable[Cause], positive: Positive) -> list[Notice]:
    known = [cause for cause in causes if cause.verdict is Verdict.KNOWN]
    if not known:
        return []
    verb = "persists" if len(known) == 1 else "persist"
    return [Notice(f"{_count(len(known), 'known change')} {verb}: {name_others(known, positive)}.", "known")]


def _count_other_notes(findings: Iterable[Finding]) -> list[Notice]:
    """Smaller notes on the data, by their names."""
    notes = [f for f in findings if f.question is Question.QUALITY and f.verdict is Verdict.WARN]
    names = [f"{name_check(f.check)}{f' ({f.subject})' if f.subject else ''}" for f in notes if f.check not in _GRAVE]
    if not names:
        return []
    return [Notice(f"{_count(len(names), 'note')} on data quality: {list_some(names, MOST_OF_A_KIND)}.", "quality")]


def _list_limits(policy: Mapping[str, Any]) -> list[Notice]:
    changed = [str(limit) for limit in list_changed_limits(policy)]
    if not changed:
        return []
    verb = "differs from its default" if len(changed) == 1 else "differ from their defaults"
    return [Notice(f"{_count(len(changed), 'limit')} {verb}: {list_some(changed, MOST_OF_A_KIND)}.", "policy")]


def place_of(question: str) -> str:
    """The id of the element of the report that holds a question's checks."""
    return "quality" if question == Question.QUALITY else f"checks-{question}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
