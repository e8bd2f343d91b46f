"""Report: the page of a run, from its record and its findings; then the deepchecks pages, which are for information."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from tasks.core.arrays import Codes
from tasks.core.files import write_json
from tasks.core.findings import Outcome
from tasks.job.job import Job
from tasks.job.journal import describe_error, log, read_timings
from tasks.job.stage import stage
from tasks.models.cut_off import EVEN
from tasks.reports.deepchecks.content import Content, choose_columns, code_rows, sample_applications
from tasks.reports.deepchecks.draw import NOT_INSTALLED, draw_pages, is_installed, start_drawing
from tasks.reports.findings_file import write_findings_file
from tasks.reports.links import REPORT, find_links
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.page import write_report
from tasks.reports.repeat_command import format_pages_command, write_policy
from tasks.reports.summary import Run, summarise_run

SUMMARY = "summary.json"


@stage("report", lambda _: "1 page")
def write_pages(job: Job, run: Run, summary: dict[str, Any]) -> dict[str, str]:
    """Write report.html and the files beside it; returns the pages' file names by name."""
    write_policy(job)
    write_findings_file(job.results, summary)
    run.left_out = f"not drawn yet, `{format_pages_command(job)}` draws them" if is_installed() else NOT_INSTALLED
    pages = {"report": REPORT}
    write_run_report(run, {**summary, "pages": pages})
    return pages


def write_run_report(run: Run, summary: dict[str, Any]) -> None:
    """Write report.html from the run's record, whose pages were written before."""
    evidence = Evidence(run.comparison, run.job.contract) if run.comparison is not None else None
    page = run.job.results / summary["pages"]["report"]
    write_report(page, summary, evidence, run.left_out, find_links(run.job))


def renew_record(run: Run, pages: dict[str, str]) -> dict[str, Any]:
    """Write summary.json and report.html again, with what has come since. Raises WriteError."""
    renewed = summarise_run(run, read_timings(run.job), datetime.now(UTC)) | {"pages": pages}
    write_run_report(run, renewed)
    write_json(run.job.results / SUMMARY, renewed)
    return renewed


def is_drawn_at_once(job: Job, *, is_stable: bool) -> bool:
    """Whether the deepchecks pages follow the verdict; else `flows.pages` draws them when they are wanted."""
    rule = job.policy.pages.draw
    is_wanted = rule == "single_runs" or (rule == "changed" and not is_stable)
    return is_installed() and (rule == "always" or (is_wanted and not job.backfill))


def prepare_pages(job: Job, *, is_stable: bool) -> None:
    """Let deepchecks be imported, in the process that will draw the pages, while the run works.

    At its start a run may still be stable.
    """
    if is_drawn_at_once(job, is_stable=is_stable):
        start_drawing(job.results)


def add_pages(run: Run, summary: dict[str, Any]) -> dict[str, Any]:
    """The run's record, with the deepchecks pages where the policy wants them now.

    The verdict is out by then: it is in the journal and the report, and was sent. Nothing here fails the run.
    """
    if not is_drawn_at_once(run.job, is_stable=run.outcome is Outcome.STABLE):
        return summary
    try:
        drawn, run.left_out = write_deepchecks_pages(run.job, run)
        return renew_record(run, summary["pages"] | drawn)
    except Exception as error:  # no verdict depends on them
        log.warning("The deepchecks pages are not in the report of this run: %s", describe_error(error))
        return summary


@stage("pages", lambda drawn: f"{len(drawn[0])} for information" + (f": {drawn[1]}" if drawn[1] else ""))
def write_deepchecks_pages(job: Job, run: Run) -> tuple[dict[str, str], str]:
    """The deepchecks pages that this run has data for, and why some are missing."""
    return draw_pages(job.results, gather_content(job, run))


def gather_content(job: Job, run: Run) -> Content:
    """What the deepchecks pages of this run show."""
    extracted, windows = run.extract.applications, None
    columns = choose_columns(job.contract, run.findings, job.policy.pages.columns)
    if run.comparison is not None:
        profile, observed = run.comparison.profile, run.comparison.observed

        def decode(codes: Codes) -> pd.DataFrame:
            return profile.decode(codes)[columns]

        windows = (
            code_rows(decode, profile.codes, profile.labels, profile.scores),
            code_rows(decode, run.comparison.codes, observed.labels, observed.scores),
        )
    applications = sample_applications(job.contract, extracted, columns) if len(extracted) else None
    if applications is not None:
        applications = replace(applications, total=len(run.extract))
    threshold = EVEN if run.cut_off is None else run.cut_off.threshold
    return Content(job.contract, tuple(run.findings), applications, windows, threshold)
