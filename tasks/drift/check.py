"""Drift: have the applicants, the decisions or the rule changed since the reference?

Data P(x), label P(y) and concept P(y given x) are asked in every run: no change in one says nothing about the others.
"""

from __future__ import annotations

from tasks.core.findings import Finding, Verdict
from tasks.drift.comparison import Comparison
from tasks.drift.concept import measure_concept_drift
from tasks.drift.data import measure_data_drift
from tasks.drift.judgement import say_rows
from tasks.drift.label import measure_label_drift
from tasks.drift.onset import date_changes
from tasks.drift.own_limits import apply_own_limits
from tasks.job.job import Job
from tasks.job.stage import stage


def measure_drift(comparison: Comparison) -> list[Finding]:
    """The findings of the data, label and concept questions.

    Parameters
    ----------
    comparison : Comparison
        The window and the reference, with the limits.

    Returns
    -------
    list of Finding
        In the order of the questions, and the gravest of each first.
    """
    return [
        *measure_data_drift(comparison),
        *say_rows(measure_label_drift(comparison), comparison.observed.rests_on),
        *say_rows(measure_concept_drift(comparison), comparison.observed.rests_on),
    ]


@stage("drift", lambda findings: f"{sum(f.verdict is Verdict.FAIL for f in findings)} of {len(findings)} checks failed")
def check_drift(job: Job, comparison: Comparison) -> list[Finding]:
    """Ask whether applicants, decisions or the rule have changed. Acting on it is the flow's business."""
    findings = apply_own_limits(measure_drift(comparison), comparison.own_limits, len(comparison.observed.labels))
    return date_changes(findings, comparison)
