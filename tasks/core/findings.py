"""The result of a check: one question, one number, one limit, one verdict, one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from tasks.core.onset import Onset, read_onset


class Verdict(StrEnum):
    """The verdict of a check. The last two are never merged with the others.

    `known` is a change that exceeds its limits, that an earlier run has answered, and that has not gone any further.
    """

    PASS = "pass"  # noqa: S105 - a verdict, no password
    WARN = "warn"
    FAIL = "fail"
    KNOWN = "known"
    NOT_ENOUGH_DATA = "not_enough_data"
    NOT_RUN = "not_run"


class Question(StrEnum):
    """The questions of a run, in their order."""

    QUALITY = "quality"
    DATA = "data"
    LABEL = "label"
    CONCEPT = "concept"
    MODEL = "model"


DRIFT_QUESTIONS = (Question.DATA, Question.LABEL, Question.CONCEPT, Question.MODEL)
UNANSWERED = (Verdict.NOT_ENOUGH_DATA, Verdict.NOT_RUN)


class Outcome(StrEnum):
    """The outcome of a completed run."""

    QUALITY_FAILED = "quality_failed"
    STABLE = "stable"
    UNDECIDED = "undecided"
    KEPT = "kept"
    PROMOTED = "promoted"


@dataclass(frozen=True)
class Answer:
    """Which earlier run has answered a change, and how.

    Parameters
    ----------
    job_id
        The run.
    since
        The first day of the window in which the change was first found, as YYYY-MM-DD.
    start, end
        The days of the run's window: the level that the change had when it was answered.
    how
        What was done about it, as the end of a sentence: "the champion was kept".
    is_accepted
        Whether a person has accepted it: then no challenger is trained for it again.
    """

    job_id: str
    since: str
    start: str
    end: str
    how: str
    is_accepted: bool = False


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    `effect`, `standard_error`, `limit` and `smallest_detectable` share `unit` ("share of applicants",
    "share of decided applications", "AUC", "rows", ...). `reference` and `current` are the values in the reference and
    in the window, if any. `p_value` is already corrected for the number of tests, so that it compares with `level`.
    `smallest_detectable` is the smallest true effect that would have been detected with 80 % power.
    `columns` names the affected columns, the most important first; `subject` is one column, or "" for the whole window.
    `answer` says which run has answered the change (of an alarm: the one that it goes beyond); None where it is new.
    `onset` says since when, of an alarm that the days of the window can date.
    """

    question: Question
    check: str
    verdict: Verdict
    sentence: str
    subject: str = ""
    effect: float | None = None
    unit: str = ""
    standard_error: float | None = None
    limit: float | None = None
    p_value: float | None = None
    level: float | None = None
    reference: float | None = None
    current: float | None = None
    smallest_detectable: float | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    answer: Answer | None = None
    onset: Onset | None = None

    def as_record(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        record = asdict(replace(self, onset=None))
        record["question"], record["verdict"] = str(self.question), str(self.verdict)
        record["columns"], record["rows"] = list(self.columns), list(self.rows)
        record["onset"] = None if self.onset is None else self.onset.as_record()
        return record


def read_finding(record: Mapping[str, Any]) -> Finding:
    """A finding from its plain JSON values. Older ones have neither onset nor answer."""
    answer = record.get("answer")
    parsed = {
        "question": Question(record["question"]),
        "verdict": Verdict(record["verdict"]),
        "columns": tuple(record["columns"]),
        "rows": tuple(record["rows"]),
        "onset": read_onset(record.get("onset")),
        "answer": Answer(**answer) if answer else None,
    }
    return Finding(**{**record, **parsed})


# The gravest first. A question with an open part is open: `not_enough_data` and `not_run` outrank `known`.
GRAVITY = (Verdict.FAIL, Verdict.NOT_ENOUGH_DATA, Verdict.NOT_RUN, Verdict.KNOWN, Verdict.WARN, Verdict.PASS)


def summarise(findings: Iterable[Finding], question: Question) -> Verdict:
    """One question's verdict: the most severe of its findings; without findings, `not_run`.

    A question that could only be answered in part is not answered: `not_enough_data` outranks `warn` and `pass`.
    """
    return find_gravest(finding.verdict for finding in findings if finding.question is question)


def find_gravest(verdicts: Iterable[str]) -> Verdict:
    """The gravest of several verdicts, or of their names as records hold them; `not_run` where there are none."""
    given = set(verdicts)
    return next((verdict for verdict in GRAVITY if verdict in given), Verdict.NOT_RUN)


def rank_gravity(verdict: str) -> int:
    """A verdict's place in the order of gravity, for sorting: 0 is the gravest."""
    return GRAVITY.index(Verdict(verdict))


def is_sure(finding: Finding) -> bool:
    """Whether the difference is statistically significant."""
    return finding.p_value is not None and finding.level is not None and finding.p_value <= finding.level


def is_material(finding: Finding) -> bool:
    """Whether the effect, less one standard error, reaches its limit."""
    if finding.effect is None or finding.limit is None:
        return False
    return finding.effect - (finding.standard_error or 0.0) >= finding.limit


def judge(finding: Finding) -> Finding:
    """The rule of every drift verdict: significant *and* material is `fail`, significant but below the limit is `warn`.

    A finding without an effect keeps its verdict (`not_enough_data`, `not_run`).
    """
    if finding.effect is None or finding.p_value is None:
        return finding
    if not is_sure(finding):
        return replace(finding, verdict=Verdict.PASS)
    return replace(finding, verdict=Verdict.FAIL if is_material(finding) else Verdict.WARN)
