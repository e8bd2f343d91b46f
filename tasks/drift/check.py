"""Drift: have the applicants, the decisions or the rule moved away from the reference?

Data P(x), label P(y) and concept P(y given x) are asked in every run: a quiet one says nothing about the others.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tasks.core.findings import Finding, Question, Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.core.wording import say_share
from tasks.drift.concept import measure_concept_drift
from tasks.drift.data import measure_data_drift
from tasks.drift.judgement import Draft, say_no_data, settle
from tasks.job.job import Job
from tasks.job.journal import stage
from tasks.profile.profile import Profile
from tasks.statistics.power import smallest_change
from tasks.statistics.proportions import compare_shares

RATE = "approval rate"


def measure_drift(profile: Profile, observed: ScoredWindow, policy: DriftPolicy) -> list[Finding]:
    """The findings of the data, label and concept questions, in this order, the gravest of each first."""
    codes = profile.encode(observed.applications)
    return [
        *measure_data_drift(profile, observed, codes, policy),
        *measure_label_drift(profile, observed, policy),
        *measure_concept_drift(profile, observed, codes, policy),
    ]


def measure_label_drift(profile: Profile, observed: ScoredWindow, policy: DriftPolicy) -> list[Finding]:
    """One finding: the approval rate among the decided applications, now and before."""
    decided = int(np.sum(~np.isnan(observed.labels)))
    if not decided:
        reason = "The approval rate: no application of the window has been decided yet."
        return [say_no_data(Question.LABEL, "approval_rate", reason, Verdict.NOT_RUN)]
    if min(decided, profile.labelled) < policy.minimum_rows:
        reason = (
            f"The approval rate: {decided:,} applications of the window and {profile.labelled:,} of the reference are "
            f"decided; {policy.minimum_rows:,} are needed."
        )
        return [say_no_data(Question.LABEL, "approval_rate", reason)]
    positive = int(np.nansum(observed.labels))
    if positive in (0, decided):
        reason = f"The approval rate: all {decided:,} decisions of the window are the same."
        return [say_no_data(Question.LABEL, "approval_rate", reason)]
    change = compare_shares((profile.positive, profile.labelled), (positive, decided))
    finding = Finding(
        Question.LABEL,
        "approval_rate",
        Verdict.PASS,
        "",
        effect=abs(change.change),
        unit=RATE,
        standard_error=change.standard_error,
        limit=policy.label_floor,
        p_value=change.p_value,
        reference=change.reference,
        current=change.current,
    )
    seen = (
        f"{say_share(change.current)} of the decided applications were approved, {say_share(change.reference)} before."
    )
    return settle([Draft(finding, seen, partial(smallest_change, change.standard_error))], policy.label_level)


@stage("drift", lambda findings: f"{sum(f.verdict is Verdict.FAIL for f in findings)} of {len(findings)} checks failed")
def check_drift(job: Job, profile: Profile, observed: ScoredWindow) -> list[Finding]:
    """Ask whether applicants, decisions or the rule have moved. Acting on it is the flow's business."""
    return measure_drift(profile, observed, job.policy.drift)
