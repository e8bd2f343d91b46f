"""What a check found: one question, one number, one limit, one verdict, one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a check says. The last two are never folded into the others."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    WARN = "warn"
    FAIL = "fail"
    NOT_ENOUGH_DATA = "not_enough_data"
    NOT_RUN = "not_run"


class Question(StrEnum):
    """What a run asks, in the order in which it asks."""

    QUALITY = "quality"
    DATA = "data"
    LABEL = "label"
    CONCEPT = "concept"
    MODEL = "model"


DRIFT_QUESTIONS = (Question.DATA, Question.LABEL, Question.CONCEPT, Question.MODEL)
UNANSWERED = (Verdict.NOT_ENOUGH_DATA, Verdict.NOT_RUN)


class Outcome(StrEnum):
    """How a run that did its work can end."""

    QUALITY_FAILED = "quality_failed"
    STABLE = "stable"
    UNDECIDED = "undecided"
    KEPT = "kept"
    PROMOTED = "promoted"


@dataclass(frozen=True)
class Finding:
    """One check's answer.

    `effect`, `standard_error`, `limit` and `smallest_detectable` share `unit` ("share of applicants",
    "approval rate", "AUC", "rows", ...). `reference` and `current` are the value then and now where there is one.
    `p_value` is already corrected for the number of questions asked, so that it compares with `level`.
    `smallest_detectable` is the smallest true effect that would have been found with 80 % power.
    `columns` names what moved, the most important first; `subject` is one column, or "" for the window as a whole.
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

    def as_record(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        record = asdict(self)
        record["question"], record["verdict"] = str(self.question), str(self.verdict)
        record["columns"], record["rows"] = list(self.columns), list(self.rows)
        return record


# The gravest first. A question with an open part is open: `not_enough_data` and `not_run` outrank `warn`.
GRAVITY = (Verdict.FAIL, Verdict.NOT_ENOUGH_DATA, Verdict.NOT_RUN, Verdict.WARN, Verdict.PASS)


def summarise(findings: Iterable[Finding], question: Question) -> Verdict:
    """One question's verdict: the gravest of its findings."""
    return find_gravest(finding.verdict for finding in findings if finding.question is question)


def find_gravest(verdicts: Iterable[str]) -> Verdict:
    """The gravest of several verdicts, or of their names as records hold them; `not_run` where there are none."""
    given = set(verdicts)
    return next((verdict for verdict in GRAVITY if verdict in given), Verdict.NOT_RUN)


def rank_gravity(verdict: str) -> int:
    """A verdict's place in the order of gravity, for sorting: 0 is the gravest."""
    return GRAVITY.index(Verdict(verdict))


def is_sure(finding: Finding) -> bool:
    """Chance alone is unlikely to have made this difference."""
    return finding.p_value is not None and finding.level is not None and finding.p_value <= finding.level


def is_material(finding: Finding) -> bool:
    """The effect still exceeds its floor after giving back one standard error."""
    if finding.effect is None or finding.limit is None:
        return False
    return finding.effect - (finding.standard_error or 0.0) >= finding.limit


def judge(finding: Finding) -> Finding:
    """The rule of every drift verdict: an alarm is sure *and* material; sure but small is a note (`warn`).

    A finding without an effect keeps the verdict it was measured with (`not_enough_data`, `not_run`).
    """
    if finding.effect is None or finding.p_value is None:
        return finding
    if not is_sure(finding):
        return replace(finding, verdict=Verdict.PASS)
    return replace(finding, verdict=Verdict.FAIL if is_material(finding) else Verdict.WARN)
