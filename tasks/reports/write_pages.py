"""Report: the pages of a run, from its record and its findings."""

from __future__ import annotations

from typing import Any

from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.models.cut_off import EVEN
from tasks.reports.deepchecks.content import Content, code_rows, sample_applications
from tasks.reports.deepchecks.draw import draw_pages
from tasks.reports.findings_file import write_findings_file
from tasks.reports.links import REPORT, find_links
from tasks.reports.page import Evidence, write_report
from tasks.reports.repeat_command import write_policy
from tasks.reports.summary import Run


@stage("report", lambda pages: f"{len(pages)} pages")
def write_pages(job: Job, run: Run, summary: dict[str, Any]) -> dict[str, str]:
    """Write report.html and the deepchecks pages; returns their file names by name."""
    write_policy(job)
    drawn, run.left_out = write_deepchecks_pages(job, run)
    write_findings_file(job.results, summary)
    pages = {"report": REPORT, **drawn}
    write_run_report(run, {**summary, "pages": pages})
    return pages


def write_run_report(run: Run, summary: dict[str, Any]) -> None:
    """Write report.html from the run's record, whose pages were written before."""
    evidence = Evidence(run.comparison, run.job.contract) if run.comparison is not None else None
    page = run.job.results / summary["pages"]["report"]
    write_report(page, summary, evidence, run.left_out, find_links(run.job))


def write_deepchecks_pages(job: Job, run: Run) -> tuple[dict[str, str], str]:
    """The deepchecks pages that this run has data for, and why some are missing."""
    return draw_pages(job.results, gather_content(job, run))


def gather_content(job: Job, run: Run) -> Content:
    """What the deepchecks pages of this run show."""
    extracted, windows = run.extract.applications, None
    if run.comparison is not None:
        profile, observed = run.comparison.profile, run.comparison.observed
        windows = (
            code_rows(profile.decode, profile.codes, profile.labels, profile.scores),
            code_rows(profile.decode, run.comparison.codes, observed.labels, observed.scores),
        )
    applications = sample_applications(job.contract, extracted) if len(extracted) else None
    threshold = EVEN if run.cut_off is None else run.cut_off.threshold
    return Content(job.contract, tuple(run.findings), applications, windows, threshold)
