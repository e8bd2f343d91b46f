"""One run of loanwatch in a process of its own, which dies at a given point of its work.

The process is forked from a server that has imported everything, so that a run takes seconds. The run itself is the
command line's: flow, tasks, Prefect server and PostgreSQL are real. Only the deepchecks pages, which take most of the
time and touch nothing else, are left out.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import event

import flows.monitor
from tasks.job.journal import write_entry
from tasks.reports.write_pages import is_drawn_at_once
from tests.support.replace import replace_object


@dataclass(frozen=True)
class Point:
    """Where something happens: at a journal row, before or after an SQL statement, or before a file is touched.

    `place` is "train started", or a piece of a statement with its parameters, or words of an operation and its paths,
    as of `sys.audit`.
    """

    kind: str
    place: str
    signal: signal.Signals = signal.SIGKILL

    def __str__(self) -> str:
        return f"{self.signal.name} {self.kind} {self.place}"


@dataclass(frozen=True)
class Call:
    """A command line, its environment, where it happens to die, and what else is done to the process."""

    arguments: tuple[str, ...]
    output: Path
    environment: dict[str, str] = field(default_factory=dict)
    point: Point | None = None
    prepare: Callable[[], None] | None = None
    action: Callable[[], None] | None = None
    module: str = "flows.monitor"

    @property
    def reached(self) -> Path:
        """The file that is there once the point was reached."""
        return self.output.with_suffix(".reached")


def run(call: Call) -> None:
    """Run the command; the process ends with its exit code, or with the signal."""
    os.setsid()
    os.environ.update(call.environment)
    time.tzset()
    _redirect(call.output)
    replace_object(is_drawn_at_once, lambda job, *, is_stable: False)
    if call.prepare is not None:
        call.prepare()
    if call.point is not None:
        _arm(call.point, partial(_act, call, call.point))
    sys.exit(_find_app(call.module)(list(call.arguments), result_action="return_value"))


def _act(call: Call, point: Point) -> None:
    handle = os.open(call.reached, os.O_WRONLY | os.O_CREAT, 0o600)
    os.close(handle)
    if call.action is not None:
        call.action()
    else:
        _die(point)


def _find_app(module: str) -> Any:
    __import__(module)
    return sys.modules[module].app


def _redirect(output: Path) -> None:
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)


def _die(point: Point) -> None:
    os.kill(os.getpid(), point.signal)
    if point.signal is not signal.SIGKILL:
        time.sleep(0.1)  # a signal is handled by the main thread, as soon as it runs Python code


def _arm(point: Point, action: Callable[[], None]) -> None:
    {"stage": _arm_stage, "before": _arm_statement, "after": _arm_statement, "committed": _arm_commit,
     "file": _arm_file}[point.kind](point, action)  # fmt: skip


def _arm_stage(point: Point, action: Callable[[], None]) -> None:
    def write_and_act(job: Any, stage: str, status: str, message: str = "") -> None:
        write_entry(job, stage, status, message)
        if f"{stage} {status}" == point.place:
            action()

    replace_object(write_entry, write_and_act)


def _arm_statement(point: Point, action: Callable[[], None]) -> None:
    moment = "before_cursor_execute" if point.kind == "before" else "after_cursor_execute"

    @event.listens_for(sqlalchemy.Engine, moment)
    def _before_or_after(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if point.place in f"{statement} {parameters}":
            action()


def _arm_commit(point: Point, action: Callable[[], None]) -> None:
    """When the transaction of a statement is over, and its connection goes back to the pool."""
    seen: list[bool] = []

    @event.listens_for(sqlalchemy.Engine, "after_cursor_execute")
    def _see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if point.place in statement:
            seen.append(True)

    @event.listens_for(sqlalchemy.pool.Pool, "checkin")
    def _give_back(*_: Any) -> None:
        if seen:
            seen.clear()
            action()


def _arm_file(point: Point, action: Callable[[], None]) -> None:
    def hook(name: str, arguments: tuple[Any, ...]) -> None:
        if name not in ("open", "os.rename", "os.mkdir", "shutil.copyfile", "shutil.move"):
            return
        is_read = name == "open" and "r" in str(arguments[1]) and "+" not in str(arguments[1])
        done = f"{name} {' '.join(map(str, arguments[:2]))}"
        if not is_read and all(word in done for word in point.place.split()):
            action()

    sys.addaudithook(hook)


flows.monitor.app  # noqa: B018 - imported for the fork server's sake
