"""Draw the deepchecks pages of a run that has ended: its window is read and scored once more."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.connect import Database, connect
from tasks.contract.contract import Contract
from tasks.core.files import write_json, write_text
from tasks.core.findings import Question, read_finding
from tasks.core.policy import MonitorPolicy
from tasks.core.windows import Window
from tasks.drift.comparison import Comparison
from tasks.job.job import Job
from tasks.models.preprocess import prepare_extract
from tasks.models.read_window import read_window
from tasks.models.ripening import ripen
from tasks.models.score_window import observe_window
from tasks.registry.versions import Champion, find_champion
from tasks.reports.deepchecks.draw import draw_pages
from tasks.reports.page.template import render_fragment
from tasks.reports.summary import Run
from tasks.reports.write_pages import SUMMARY, gather_content

LINKS = "deepchecks.html.j2"
_PLACE = re.compile(r'<div id="deepchecks">.*?</div>', re.DOTALL)


class OtherContractError(UsageError):
    """The run is of another contract than the one named."""


class PagesError(LoanwatchError):
    """The pages cannot be drawn."""


def redraw_pages(database: Database, contract: Contract, folder: Path) -> dict[str, str]:
    """Draw the pages of the run in this folder, and link them in its report; returns their file names by name.

    They show the window as the table holds it now. Raises OtherContractError, PagesError, or what the reading raises.
    """
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    run = read_run_again(database, contract, folder, summary)
    drawn, left_out = draw_pages(folder, gather_content(run.job, run))
    if not drawn:
        raise PagesError(f"No page was drawn: {left_out or 'there is no application to show'}.")
    pages = summary["pages"] | drawn
    link_pages(folder / pages["report"], pages, left_out)
    write_json(folder / SUMMARY, summary | {"pages": pages})
    return drawn


def read_run_again(database: Database, contract: Contract, folder: Path, summary: dict[str, Any]) -> Run:
    """What the pages need of a run: its window's applications, and its champion's reference and scores.

    Raises OtherContractError where the run is of another contract.
    """
    if summary["contract"]["name"] != contract.name:
        raise OtherContractError(
            f"{folder.name} is a run of {summary['contract']['name']}, not of {contract.name}. Name the contract's "
            "file with --contract."
        )
    window = Window(*(date.fromisoformat(summary["window"][name]) for name in ("start", "end")))
    policy = MonitorPolicy.model_validate(summary["policy"])
    job = Job(folder.name, "pages", contract, database, window, policy, folder, "", datetime.now(UTC))
    engine = connect(database)
    findings = list(map(read_finding, summary["findings"]))
    is_compared = summary["champion"] is not None and any(f.question is not Question.QUALITY for f in findings)
    champion = find_champion_of(engine, job, summary) if is_compared else None
    reading = read_window(engine, contract, window, policy.train, champion)
    run = Run(job, reading.extract, findings, champion)
    if run.champion is not None:
        run.comparison = _compare_again(engine, run, run.champion)
    return run


def find_champion_of(engine: Engine, job: Job, summary: dict[str, Any]) -> Champion:
    """The champion of the run; it is silent where the run has left its scores out."""
    version = summary["champion"]["version"]
    with engine.connect() as connection:
        champion = find_champion(connection, job.contract.name, job.window, version)
    if champion is None:
        raise PagesError(f"Version {version}, against which {job.job_id} was monitored, is not on record.")
    return champion if summary["window"]["scored"] else replace(champion, silence="The run has left its scores out.")


def _compare_again(engine: Engine, run: Run, champion: Champion) -> Comparison:
    job, profile = run.job, champion.bundle.profile
    applications = prepare_extract(job.contract, run.extract, profile.told_by)
    prepared, ripeness = ripen(engine, job.contract, job.window, applications, profile)
    observed = observe_window(champion, run.extract, prepared, ripeness)
    return Comparison(profile, observed, job.policy.drift, champion.own_limits, job.contract.positive_words)


def link_pages(report: Path, pages: dict[str, str], left_out: str) -> None:
    """Let a report that was written before lead to the pages; nothing else in it changes.

    That of an older loanwatch has no place for them, and stays as it is.
    """
    written = report.read_text(encoding="utf-8")
    links = render_fragment(LINKS, summary={"pages": pages}, left_out=left_out)
    write_text(report, _PLACE.sub(lambda _: links.strip(), written))
