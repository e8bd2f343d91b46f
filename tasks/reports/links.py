"""Links of a report: to the history, to the report of the window before, and to the run in the Prefect UI."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from blocks.errors import LoanwatchError
from blocks.postgres.connect import connect
from tasks.core.windows import Window
from tasks.job.job import Job
from tasks.job.journal import describe_error, log
from tasks.prefect_ui.links import find_flow_run_id, link_run
from tasks.schema.queries import read_query

REPORT = "report.html"


@dataclass(frozen=True)
class Links:
    """Where a reader of a report can go on; a link that is None is not shown.

    Parameters
    ----------
    previous
        The folder of the run over the window before, whose report is there.
    previous_window
        Its days.
    run
        The run's page in the Prefect UI.
    """

    previous: str | None = None
    previous_window: Window | None = None
    run: str | None = None


def find_links(job: Job) -> Links:
    """The links of a run. What cannot be found out is left out: no report is lost by a link."""
    run = link_run(find_flow_run_id())
    try:
        with connect(job.database).connect() as connection:
            asked = {"contract": job.contract.name, "window_start": job.window.start}
            rows = connection.execute(read_query("history/windows_before"), asked).all()
    except (LoanwatchError, SQLAlchemyError) as error:
        log.warning("The report has no link to the window before: %s", describe_error(error))
        return Links(run=run)
    row = next((row for row in rows if _has_report(job.results.parent, row.job_id)), None)
    return Links(run=run) if row is None else Links(row.job_id, Window(row.window_start, row.window_end), run)


def _has_report(results: Path, job_id: str) -> bool:
    return (results / job_id / REPORT).is_file()
