"""The history page: `index.html` in the results folder."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from tasks.core.files import write_text
from tasks.job.job import Job
from tasks.reports.history.bank import show_bank_history
from tasks.reports.history.heat import map_heat
from tasks.reports.history.pictures import draw_performance
from tasks.reports.history.records import read_history
from tasks.reports.page.page import render_page

INDEX = "index.html"
MONTHS = 24

log = logging.getLogger("loanwatch")


def write_history(connection: Connection, results: Path) -> Path:
    """Write the page of all runs that the database knows; runs whose folder is there are linked. Raises WriteError."""
    path = results / INDEX
    histories = read_history(connection)
    shown = [
        (history, map_heat(shown), shown, draw_performance(history), show_bank_history(shown))
        for history, shown in ((history, history.windows[-MONTHS:]) for history in histories)
    ]
    reports = {file.parent.name for file in results.glob("*/report.html")}
    write_text(path, render_page("history.html.j2", shown=shown, reports=reports))
    return path


def rebuild_history(job: Job) -> None:
    """Update the page after a run. The run's own pages exist by then, so a failure is only logged."""
    try:
        with connect(job.database).connect() as connection:
            write_history(connection, job.results.parent)
    except (LoanwatchError, SQLAlchemyError, OSError) as error:
        log.warning(
            "The history page could not be updated (%s). Run `python -m flows.history` to update it.",
            type(error).__name__,
        )
