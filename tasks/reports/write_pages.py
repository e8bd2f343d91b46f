"""Report: the pages of a run, from its record and its findings."""

from __future__ import annotations

from typing import Any

from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.reports.deepchecks import code_rows, write_drift_page, write_model_page, write_quality_page
from tasks.reports.page import Evidence, write_report
from tasks.reports.repeat_command import write_policy
from tasks.reports.summary import Run


@stage("report", lambda pages: f"{len(pages)} pages")
def write_pages(job: Job, run: Run, summary: dict[str, Any]) -> dict[str, str]:
    """Write report.html and the deepchecks pages; returns their file names by name."""
    write_policy(job)
    pages = write_deepchecks_pages(job, run)
    evidence = Evidence(run.comparison, job.contract) if run.comparison is not None else None
    pages = {"report": "report.html", **pages}
    write_report(job.results / pages["report"], {**summary, "pages": pages}, evidence)
    return pages


def write_deepchecks_pages(job: Job, run: Run) -> dict[str, str]:
    """The deepchecks pages that this run has data for."""
    applications = run.extract.applications
    pages = {}
    if len(applications):
        pages["data_quality"] = "data_quality.html"
        write_quality_page(job.results / "data_quality.html", job.contract, applications, run.findings)
    if run.comparison is not None:
        profile, observed = run.comparison.profile, run.comparison.observed
        reference = code_rows(profile.decode, profile.codes, profile.labels, profile.scores)
        current = code_rows(profile.decode, run.comparison.codes, observed.labels, observed.scores)
        pages |= {"data_drift": "data_drift.html", "model_drift": "model_drift.html"}
        write_drift_page(job.results / "data_drift.html", job.contract, reference, current, run.findings)
        write_model_page(job.results / "model_drift.html", job.contract, reference, current, run.findings)
    return pages
