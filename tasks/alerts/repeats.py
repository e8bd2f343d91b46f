"""Repeats: which findings of a run are reported for the first time, which again, and which have recovered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from tasks.core.findings import Finding, Question, Verdict
from tasks.core.positive import UNNAMED, Positive, name_check
from tasks.core.wording import join_list, name_question
from tasks.job.job import Job
from tasks.schema.queries import read_query

ANSWERED = (Verdict.PASS, Verdict.WARN, Verdict.KNOWN, Verdict.FAIL)
RUNS_LOOKED_AT = 30


@dataclass(frozen=True)
class EarlierRun:
    """A run: each fingerprint's verdict, the fingerprints that it reported, and the model that it judged by, if any.

    `changed_limits` are those of its limits that differ from the defaults, None where they were not recorded. `bars`
    holds each fingerprint's own limit and significance level.
    """

    verdicts: dict[str, Verdict]
    reported: frozenset[str]
    champion: int | None = None
    changed_limits: Mapping[str, Any] | None = None
    bars: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)

    @property
    def troubles(self) -> frozenset[str]:
        """The fingerprints of what was wrong then."""
        return frozenset(mark for mark, verdict in self.verdicts.items() if is_trouble(verdict))

    def has_answered(self, mark: str, champion: int | None) -> bool:
        """Whether that run can say if a trouble that was found by this champion was there.

        A drift check has to be the very same, against the same reference. A check of quality needs no model, and names
        only what is wrong: it has answered for every column. An open question ("?") is answered by all of its checks.
        """
        question, check, _ = mark.split("/", maxsplit=2)
        if question == Question.QUALITY:
            return any(other.startswith(f"{question}/{check}/") and not other.endswith("?") for other in self.verdicts)
        if self.champion != champion:
            return False
        if mark in self.verdicts or mark.removesuffix("?") in self.verdicts:
            return True
        verdicts = [verdict for other, verdict in self.verdicts.items() if other.split("/")[0] == question]
        return mark.endswith("?") and bool(verdicts) and all(verdict in ANSWERED for verdict in verdicts)


@dataclass(frozen=True)
class FindingChanges:
    """What a run has to report. `silent` lasts and was reported recently; `recovered` holds fingerprints.

    `known` changes were answered by an earlier run: they are never reported by themselves. `by_limit` says of the
    fingerprints of findings that are new, or no longer an alarm, because a limit was changed, which limit that is;
    what is no longer an alarm for that reason has not `recovered`.
    """

    new: tuple[Finding, ...]
    still: tuple[Finding, ...]
    silent: tuple[Finding, ...]
    recovered: tuple[str, ...]
    known: tuple[Finding, ...] = ()
    by_limit: Mapping[str, str] = field(default_factory=dict)

    @property
    def relaxed(self) -> tuple[str, ...]:
        """The fingerprints of what is no longer an alarm because a limit was changed."""
        new = {fingerprint(finding) for finding in self.new}
        return tuple(mark for mark in self.by_limit if mark not in new)

    @property
    def reported(self) -> tuple[Finding, ...]:
        """What the message lists, new findings first."""
        return self.new + self.still


def fingerprint(finding: Finding) -> str:
    """What makes two findings of different runs the same one; a question without an answer is marked by "?"."""
    about = name_subject(finding.check, finding.subject, finding.columns)
    return mark_finding(finding.question, finding.check, about, finding.verdict)


def mark_finding(question: str, check: str, subject: str, verdict: Verdict) -> str:
    """The fingerprint of a finding's parts."""
    return f"{question}/{check}/{subject}" + ("" if verdict in ANSWERED else "?")


def name_subject(check: str, subject: str, columns: Sequence[str]) -> str:
    """What a finding is about: its column, or the columns that are missing together."""
    return ", ".join(columns) if check == "missing" and not subject else subject


def describe_recovered(marks: Sequence[str], positive: Positive = UNNAMED) -> list[str]:
    """Fingerprints in words, those of one column in one line: "data drift: distribution and new values of income"."""
    checks: dict[tuple[str, str], list[str]] = {}
    for mark in marks:
        question, check, subject = mark.removesuffix("?").split("/", 2)
        checks.setdefault((question, subject), []).append(name_check(check, positive))
    lines = []
    for (question, subject), names in checks.items():
        lines.append(f"{name_question(question)}: {join_list(names)}" + (f" of {subject}" if subject else ""))
    return lines


def is_open(verdict: Verdict) -> bool:
    """Whether a question has no answer."""
    return verdict not in ANSWERED


def is_trouble(verdict: Verdict) -> bool:
    """What is not as it should be: an alarm, a known change, or a question without an answer."""
    return verdict not in (Verdict.PASS, Verdict.WARN)


def compare_with_earlier(
    findings: Sequence[Finding],
    unanswered_too: bool,
    earlier: Sequence[EarlierRun],
    every: int,
    champion: int | None = None,
) -> FindingChanges:
    """Sort a run's alarms by what earlier runs reported; `earlier` has the latest first.

    With `unanswered_too` questions without an answer count as well. A lasting one is reported again in every
    `every`-th run, an unfit window each time; an alarm that goes further than a known change is new. It is over when a
    run that answers the same question, against the same `champion`, no longer finds it; against another one it is new.
    """
    known = tuple(finding for finding in findings if finding.verdict is Verdict.KNOWN)
    watched = [f for f in findings if f.verdict is Verdict.FAIL or (unanswered_too and is_open(f.verdict))]
    sorted_out: dict[str, list[Finding]] = {"new": [], "still": [], "silent": []}
    for finding in watched:
        mark = fingerprint(finding)
        asked = [run for run in earlier if run.has_answered(mark, champion)]
        # What an earlier run has answered is told again only where it went further, or was opened again.
        was_known = bool(asked) and asked[0].verdicts.get(mark) is Verdict.KNOWN
        if finding.verdict is Verdict.FAIL and (finding.answer is not None or was_known):
            asked = []
        # What could not be judged is reported each time: of an unfit window that is all there is to say.
        often = 1 if finding.question is Question.QUALITY else every
        sorted_out[_place(mark, asked, often)].append(finding)
    return FindingChanges(
        new=tuple(sorted_out["new"]),
        still=tuple(sorted_out["still"]),
        silent=tuple(sorted_out["silent"]),
        recovered=_list_recovered(findings, earlier, champion),
        known=known,
    )


def _place(mark: str, asked: Sequence[EarlierRun], every: int) -> str:
    """Where a trouble belongs, by the runs that asked for it: new, still or silent."""
    for ago, run in enumerate(asked, start=1):
        if mark not in run.troubles:
            return "new"
        if mark in run.reported:
            return "silent" if ago < every else "still"
    return "still" if asked else "new"


def _list_recovered(
    findings: Sequence[Finding], earlier: Sequence[EarlierRun], champion: int | None
) -> tuple[str, ...]:
    """What the last run that could say it still found, and this one, which can say it too, no longer finds."""
    now = EarlierRun({fingerprint(finding): finding.verdict for finding in findings}, frozenset(), champion)
    over: dict[str, None] = {}
    for mark in (mark for run in earlier for mark in sorted(run.troubles) if not mark.endswith("?")):
        last = next((run for run in earlier if run.has_answered(mark, champion)), None)
        is_over = last and mark in last.troubles and now.has_answered(mark, champion) and mark not in now.troubles
        if is_over and not _is_part_of_more(mark, now):
            over[mark] = None
    return tuple(over)


def _is_part_of_more(mark: str, now: EarlierRun) -> bool:
    """Whether a check of the whole window is over while its question still finds something: that is no recovery."""
    question, _, subject = mark.split("/", 2)
    return not subject and any(other.startswith(f"{question}/") for other in now.troubles)


def read_earlier(connection: Connection, job: Job) -> list[EarlierRun]:
    """What the runs before this one found and reported, the latest first."""
    query = read_query("outbox/history")
    asked: dict[str, Any] = {"contract": job.contract.name, "window_end": job.window.end, "job_id": job.job_id}
    rows = connection.execute(query, {**asked, "runs": RUNS_LOOKED_AT}).all()
    return [_read_run(list(group)) for _, group in groupby(rows, key=lambda row: row.job_id)]


def _read_run(rows: Sequence[Any]) -> EarlierRun:
    found = {
        mark_finding(
            row.question, row.check_name, name_subject(row.check_name, row.subject, row.columns), Verdict(row.verdict)
        ): row
        for row in rows
    }
    return EarlierRun(
        {mark: Verdict(row.verdict) for mark, row in found.items()},
        frozenset(rows[0].told),
        rows[0].champion,
        rows[0].changed_limits,
        {mark: (row.effect_limit, row.level) for mark, row in found.items()},
    )
