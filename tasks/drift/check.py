"""Drift: have the applicants, the decisions or the rule moved away from the reference?

Data P(x), label P(y) and concept P(y given x) are asked in every run: a quiet one says nothing about the others.
"""

from __future__ import annotations

from tasks.core.findings import Finding, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.concept import measure_concept_drift
from tasks.drift.data import measure_data_drift
from tasks.drift.label import measure_label_drift
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.profile.profile import Profile


def measure_drift(profile: Profile, observed: ScoredWindow, policy: DriftPolicy) -> list[Finding]:
    """The findings of the data, label and concept questions, in this order, the gravest of each first."""
    codes = profile.encode(observed.applications)
    return [
        *measure_data_drift(profile, observed, codes, policy),
        *measure_label_drift(profile, observed, policy),
        *measure_concept_drift(profile, observed, codes, policy),
    ]


@stage("drift", lambda findings: f"{sum(f.verdict is Verdict.FAIL for f in findings)} of {len(findings)} checks failed")
def check_drift(job: Job, profile: Profile, observed: ScoredWindow) -> list[Finding]:
    """Ask whether applicants, decisions or the rule have moved. Acting on it is the flow's business."""
    return measure_drift(profile, observed, job.policy.drift)
