"""Runs: one lender, its reference and its windows, and the record of each verdict.

Whatever goes wrong with a lender becomes a record: a benchmark of hundreds must not die of one.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.lenders.changes import LEAKS_ONLY, NOTHING, list_changes
from benchmarks.lenders.draw import draw_lender
from benchmarks.lenders.judge import (
    RETRAIN,
    Champion,
    Judgement,
    is_promoted,
    judge_window,
    search_leaks,
    train_champion,
)
from benchmarks.lenders.lender import Lender
from benchmarks.lenders.planting import CONCEPT, Change, Place, Planted
from benchmarks.lenders.records import Record, begin_record, write_error, write_judgement
from benchmarks.lenders.visibility import find_visible, trace_rule
from benchmarks.lenders.windows import READ_ON, REFERENCE, WINDOW, Rows, draw_rows


@dataclass(frozen=True)
class Task:
    """One lender of a group: how many null windows, and which changes (None: all of the group's).

    `kind`: without it the lender is left out, if it is given. `leaks_only`: the null windows are searched for leaks,
    which needs no champion, and nothing else is asked.
    """

    seed: int
    group: str
    number: int
    nulls: int
    changes: tuple[str, ...] | None = None
    kind: str | None = None
    leaks_only: bool = False


@dataclass(frozen=True, eq=False)
class Ground:
    """What all windows of a lender share."""

    lender: Lender
    reference: Rows
    champion: Champion

    def begin_record(self, change: str, size: float | None) -> Record:
        """The record of a window that has not been judged yet."""
        record = begin_record(self.lender, change, size)
        record.told_by = list(self.champion.profile.told_by)
        return record


def run_task(task: Task) -> list[Record]:
    """Every window of a lender; where no champion can be made, that is the record of each null window."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lender = draw_lender(task.seed, task.group, task.number)
        if task.kind is not None and task.kind not in lender.kinds:
            return []
        if task.leaks_only:
            return [_search_leaks(lender, number) for number in range(task.nulls)]
        try:
            reference = draw_rows(lender, "reference", REFERENCE)
            champion = train_champion(lender.contract, reference.frame, REFERENCE, READ_ON)
        except Exception as error:
            records = [begin_record(lender, NOTHING, None) for _ in range(task.nulls)]
            for record in records:
                write_error(record, error)
                record.seconds = round(time.perf_counter() - start, 2)
            return records
        return list(_run_windows(task, Ground(lender, reference, champion), start))


def _search_leaks(lender: Lender, number: int) -> Record:
    """The record of the columns of a null window that are suspected to tell the decision."""
    start, record = time.perf_counter(), begin_record(lender, LEAKS_ONLY, None)
    try:
        write_judgement(record, search_leaks(lender.contract, draw_rows(lender, f"{NOTHING} {number}", WINDOW).frame))
    except Exception as error:
        write_error(record, error)
    record.seconds = round(time.perf_counter() - start, 2)
    return record


def _run_windows(task: Task, ground: Ground, start: float) -> Iterator[Record]:
    """The null windows, then the changed ones; the first record's seconds include those of the champion."""
    null: Judgement | None = None
    for number in range(task.nulls):
        record, judgement = _run_null(ground, number)
        null = null or judgement
        record.seconds = round(time.perf_counter() - start, 2)
        start = time.perf_counter()
        yield record
    for change in list_changes(task.group):
        if task.changes is not None and change.name not in task.changes:
            continue
        for size in change.sizes:
            changed = _run_change(ground, change, size, null)
            if changed is not None:
                changed.seconds = round(time.perf_counter() - start, 2)
                yield changed
            start = time.perf_counter()


def _run_null(ground: Ground, number: int) -> tuple[Record, Judgement | None]:
    record, known = ground.begin_record(NOTHING, None), ground.reference.applicants.customers
    try:
        rows = draw_rows(ground.lender, f"{NOTHING} {number}", WINDOW, known)
        judgement = judge_window(ground.champion, rows.frame, WINDOW)
        if judgement.outcome == RETRAIN:
            record.promoted = is_promoted(ground.champion, rows.frame, WINDOW, judgement.findings)
    except Exception as error:
        write_error(record, error)
        return record, None
    write_judgement(record, judgement)
    record.right = not record.alarms
    return record, judgement


def _run_change(ground: Ground, change: Change, size: float, null: Judgement | None) -> Record | None:
    """The record of a changed window; None where the lender has no column for the change."""
    record = ground.begin_record(change.name, size)
    record.required = sorted(map(str, change.required))
    try:
        planted = change.plant(Place(ground.lender, ground.reference, size, f"{change.name} {size:g}"))
        if planted is None:
            return None
        judgement = judge_window(ground.champion, planted.rows.frame, WINDOW, with_leaks=False)
        write_judgement(record, judgement)
        raised = frozenset(finding.question for finding in judgement.alarms)
        record.found, record.right = change.is_found(raised), change.is_right(raised)
        if null is not None:
            _write_visibility(record, change, planted, (null, judgement))
    except Exception as error:
        write_error(record, error)
    return record


def _write_visibility(record: Record, change: Change, planted: Planted, judged: tuple[Judgement, Judgement]) -> None:
    null, judgement = judged
    traces = planted.traces
    if change.required == CONCEPT and judgement.scores is not None:
        traces = trace_rule(planted, judgement.scores)
    record.visible, trace, smallest = find_visible(traces, null.findings)
    if trace is not None:
        record.check, record.effect = trace.check, round(trace.effect, 5)
        record.smallest = None if math.isnan(smallest) else round(smallest, 5)
