"""Records: what is kept of each window of each lender."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.lenders.judge import Judgement
from benchmarks.lenders.leaks import find_leaking
from benchmarks.lenders.lender import Lender
from blocks.errors import LoanwatchError

# The verdict of a run that ended with an error begins with this.
ERROR = "error: "
_FIRST_WORDS = 120


@dataclass
class Record:
    """One window of one lender.

    `change` and `size` say what was planted, in limits; `required` are the questions that must raise an alarm. `alarms`
    are the questions that did, `alarmed_checks` and `alarmed_columns` what they name. `found`: every required one did;
    `right`: and none that the change cannot touch. `effect` is the true size of the change in the unit of `check`,
    `smallest` what that check would have found in 80 of 100 windows, `visible` whether 95 of 100 would show it (None:
    not known). `leaks` are the columns suspected, `leak_planted` the kind of the leak and `leak_column` its column.
    `verdict` is the outcome, or the error; `promoted` whether a null window's alarm would change the model. `rate` and
    `auc` are the rule's own. `told_by` are the columns by which customers are told apart where none is named.
    """

    group: str
    lender: int
    case: str
    kind: list[str]
    change: str
    size: float | None
    rows: int
    reference_rows: int
    columns: int
    rate: float
    auc: float
    told_by: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    alarmed_checks: list[str] = field(default_factory=list)
    alarmed_columns: list[str] = field(default_factory=list)
    found: bool = False
    right: bool = False
    visible: bool | None = None
    check: str = ""
    effect: float | None = None
    smallest: float | None = None
    leaks: list[str] = field(default_factory=list)
    leak_planted: str = ""
    leak_column: str = ""
    verdict: str = ""
    promoted: bool = False
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return asdict(self)


def begin_record(lender: Lender, change: str, size: float | None) -> Record:
    """The record of a window that has not been judged yet."""
    leaking = find_leaking(lender)
    return Record(
        lender.group,
        lender.number,
        lender.shape.case,
        lender.kinds,
        change,
        size,
        lender.rows,
        lender.reference_rows,
        len(lender.fields),
        round(lender.rule.rate, 4),
        lender.rule.area,
        leak_planted=lender.shape.leak if leaking else "",
        leak_column=leaking[0] if leaking else "",
    )


def write_judgement(record: Record, judgement: Judgement) -> None:
    """Put down what the monitor said."""
    alarms = judgement.alarms
    record.alarms = sorted({str(finding.question) for finding in alarms})
    record.alarmed_checks = list(dict.fromkeys(finding.check for finding in alarms))
    named = [name for finding in alarms for name in (finding.subject, *finding.columns) if name]
    record.alarmed_columns = list(dict.fromkeys(named))
    record.leaks, record.verdict = judgement.suspected, judgement.outcome


def write_error(record: Record, error: Exception) -> None:
    """Put down why there is no verdict: the class of the error and its first words."""
    source = "" if isinstance(error, LoanwatchError) else "unexpected "
    record.verdict = f"{ERROR}{source}{type(error).__name__}: {str(error)[:_FIRST_WORDS]}"
