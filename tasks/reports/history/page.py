"""The history page: `index.html` in the results folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from tasks.core.files import write_text
from tasks.job.job import Job
from tasks.reports.history.answers import Answered, list_answered, list_other_alerts
from tasks.reports.history.bank import BankHistory, show_bank_history
from tasks.reports.history.figures import draw_figures
from tasks.reports.history.heat import HeatRow, map_heat
from tasks.reports.history.pictures import draw_performance
from tasks.reports.history.records import History, PastRun, Record, read_history
from tasks.reports.history.words import format_window, shorten_window
from tasks.reports.page.template import render_page

INDEX = "index.html"
MONTHS = 24
ANSWERED = 60
SECONDS_BETWEEN = 30.0

log = logging.getLogger("loanwatch")


@dataclass
class Waiting:
    """Updates within `rebuild_rarely`: how far apart, until when none is made, and a job that waits for one."""

    seconds: float
    until: float = 0.0
    job: Job | None = None


_waiting: ContextVar[Waiting | None] = ContextVar("history that waits", default=None)


@dataclass(frozen=True)
class Section:
    """What the page shows of one contract. `windows` are the latest ones, the earliest first."""

    history: History
    windows: Sequence[PastRun]
    heat: Sequence[HeatRow]
    performance: Markup
    figures: Sequence[Markup]
    bank: BankHistory | None
    answered: Sequence[Answered]
    others: Sequence[Record]


def write_history(connection: Connection, results: Path) -> Path:
    """Write the page of all runs that the database knows; runs whose folder is there are linked. Raises WriteError."""
    path = results / INDEX
    sections = [make_section(history) for history in read_history(connection)]
    reports = {file.parent.name for file in results.glob("*/report.html")}
    page = render_page(
        "history.html.j2",
        sections=sections,
        reports=reports,
        format_window=format_window,
        shorten_window=shorten_window,
    )
    write_text(path, page)
    return path


def make_section(history: History) -> Section:
    """A contract's history, ready to be shown."""
    windows = history.windows[-MONTHS:]
    answered = list_answered(history)[:ANSWERED]
    return Section(
        history,
        windows,
        map_heat(windows),
        draw_performance(history),
        draw_figures(windows),
        show_bank_history(windows),
        answered,
        list_other_alerts(history, answered),
    )


@contextmanager
def rebuild_rarely(seconds: float = SECONDS_BETWEEN) -> Iterator[None]:
    """Within it the page is updated once in so many seconds, and at the end: each time it shows all runs anew."""
    waiting = Waiting(seconds)
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
        if waiting.job is not None:
            rebuild_history(waiting.job)


def rebuild_history(job: Job) -> None:
    """Update the page after a run. The run's own pages exist by then, so a failure is only logged."""
    waiting, now = _waiting.get(), time.monotonic()
    if waiting is not None:
        if now < waiting.until:
            waiting.job = job
            return
        waiting.until, waiting.job = now + waiting.seconds, None
    try:
        with connect(job.database).connect() as connection:
            write_history(connection, job.results.parent)
    except (LoanwatchError, SQLAlchemyError, OSError) as error:
        log.warning(
            "The history page could not be updated (%s). Run `python -m flows.history` to update it.",
            type(error).__name__,
        )
