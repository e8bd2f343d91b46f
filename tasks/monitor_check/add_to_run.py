"""Add to a run: the self-check of the champion in production, and a page and a record that tell of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from blocks.errors import LoanwatchError
from tasks.job.journal import log
from tasks.monitor_check.check_champion import check_champion
from tasks.reports.summary import Run
from tasks.reports.write_pages import renew_record


def add_self_check(run: Run, summary: dict[str, Any]) -> dict[str, Any]:
    """The run's record, with the champion's self-check where this run makes it.

    The verdict is out by then: it is in the journal and the report, and was sent. Nothing here fails the run.
    """
    champion = run.in_production
    if champion is None or champion.self_check is not None:
        return summary
    check = check_champion(run.job, champion, len(run.extract))
    if check is None:
        return summary
    checked = replace(champion, self_check=check)
    if run.successor is None:
        run.champion = checked
    else:
        run.successor = checked
    try:
        return renew_record(run, summary["pages"])
    except LoanwatchError as error:
        log.warning("The self-check is not in the report of this run: %s", error)
        return summary
