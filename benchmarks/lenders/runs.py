"""Runs: one lender, its reference and its windows, and the record of each verdict.

Whatever goes wrong with a lender becomes a record: a benchmark of hundreds must not die of one.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.lenders.draw import draw_lender
from benchmarks.lenders.judge import Champion, Judgement, judge_window, train_champion
from benchmarks.lenders.lender import Lender
from benchmarks.lenders.windows import READ_ON, REFERENCE, WINDOW, Rows, draw_rows
from blocks.errors import LoanwatchError

NOTHING = "nothing"
# The verdict of a run that ended with an error begins with this.
ERROR = "error: "
_FIRST_WORDS = 120


@dataclass(frozen=True)
class Task:
    """One lender of a group, the null windows that it has, and the changes that are planted (None: all)."""

    seed: int
    group: str
    number: int
    nulls: int
    changes: tuple[str, ...] | None = None


@dataclass
class Record:
    """One window of one lender. The README says what each field means."""

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
    alarms: list[str] = field(default_factory=list)
    alarmed_checks: list[str] = field(default_factory=list)
    alarmed_columns: list[str] = field(default_factory=list)
    right: bool = False
    leaks: list[str] = field(default_factory=list)
    leak_planted: str = ""
    verdict: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return asdict(self)


def run_task(task: Task) -> list[Record]:
    """Every window of a lender; an error of its champion is a record of each null window."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(_run(task))


def _run(task: Task) -> Iterator[Record]:
    lender = draw_lender(task.seed, task.group, task.number)
    start = time.perf_counter()
    reference = draw_rows(lender, "reference", REFERENCE)
    try:
        champion = train_champion(lender.contract, reference.frame, REFERENCE, READ_ON)
    except Exception as error:
        for _ in range(task.nulls):
            yield _finish(_begin(lender, NOTHING, None), error, start)
        return
    for number in range(task.nulls):
        yield _run_null(lender, champion, reference, number, start)
        start = time.perf_counter()


def _run_null(lender: Lender, champion: Champion, reference: Rows, number: int, start: float) -> Record:
    record = _begin(lender, NOTHING, None)
    try:
        rows = draw_rows(lender, f"{NOTHING} {number}", WINDOW, reference.applicants.customers)
        judgement = judge_window(champion, rows.frame, WINDOW)
    except Exception as error:
        return _finish(record, error, start)
    _write(record, judgement)
    record.right = not record.alarms
    return _finish(record, None, start)


def _begin(lender: Lender, change: str, size: float | None) -> Record:
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
        leak_planted=lender.shape.leak,
    )


def _write(record: Record, judgement: Judgement) -> None:
    alarms = judgement.alarms
    record.alarms = sorted({str(finding.question) for finding in alarms})
    record.alarmed_checks = list(dict.fromkeys(finding.check for finding in alarms))
    named = [name for finding in alarms for name in (finding.subject, *finding.columns) if name]
    record.alarmed_columns = list(dict.fromkeys(named))
    record.leaks, record.verdict = judgement.suspected, judgement.outcome


def _finish(record: Record, error: Exception | None, start: float) -> Record:
    if error is not None:
        source = "" if isinstance(error, LoanwatchError) else "unexpected "
        record.verdict = f"{ERROR}{source}{type(error).__name__}: {str(error)[:_FIRST_WORDS]}"
    record.seconds = round(time.perf_counter() - start, 2)
    return record
