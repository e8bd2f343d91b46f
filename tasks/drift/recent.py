"""Recent days: a break of the last days, long before a trailing month is full of it.

A weekly or daily run judges its last days alone too (yesterday, two days, the week, two weeks), each at its share of
the year's error budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.core.cadence import Cadence
from tasks.core.findings import Finding, Question, Verdict
from tasks.drift.budget import fit_recent_levels, plan_recent
from tasks.drift.check import measure_drift
from tasks.drift.comparison import Comparison
from tasks.drift.data import measure_columns
from tasks.drift.label import measure_label_drift
from tasks.drift.model import measure_model_drift
from tasks.drift.onset import date_changes
from tasks.drift.own_limits import apply_own_limits
from tasks.job.job import Job
from tasks.job.stage import stage


def measure_recent_drift(comparison: Comparison) -> list[Finding]:
    """The alarms of the last days; of several lengths that tell a change, the shortest: it holds least from before it.

    Parameters
    ----------
    comparison : Comparison
        The whole window and the reference. The policy's own levels are those of a monthly run, and its cadence says
        which days are judged; none of a monthly run, and none where the days of the rows are not known.

    Returns
    -------
    list of Finding
        Alarms only. The sentence says of which days.
    """
    days, policy = comparison.observed.days, comparison.policy
    if days is None or not len(days):
        return []
    window_days = int((days.max() - days.min()).astype(int)) + 1
    found: dict[tuple[Question, str, str], Finding] = {}
    for length in plan_recent(policy.cadence or Cadence.MONTHLY, window_days):
        rows = days > days.max() - np.timedelta64(length, "D")
        if rows.sum() < policy.recent_rows or rows.all():
            continue
        recent = replace(
            comparison,
            observed=comparison.observed.take(rows),
            policy=fit_recent_levels(policy, length, window_days),
        )
        for finding in _measure(recent, length):
            if finding.verdict is Verdict.FAIL:
                found.setdefault((finding.question, finding.check, finding.subject), _say(finding, length))
    return list(found.values())


def _measure(recent: Comparison, length: int) -> list[Finding]:
    """Of a day or two only what a break shows: the columns and the share of the positive decision."""
    rows = len(recent.observed.labels)
    if length < Cadence.WEEKLY.days or rows < recent.policy.minimum_rows:
        findings = [*measure_columns(recent), *measure_label_drift(recent)]
    else:
        findings = [*measure_drift(recent), *measure_model_drift(recent)]
    return apply_own_limits(findings, recent.own_limits, rows)


def _say(finding: Finding, length: int) -> Finding:
    return replace(finding, sentence=f"In the last {'day' if length == 1 else f'{length} days'}: {finding.sentence}")


def add_recent(findings: Sequence[Finding], recent: Sequence[Finding]) -> list[Finding]:
    """The findings of the whole window, and in their place those of its last days where only these raise an alarm.

    Parameters
    ----------
    findings : sequence of Finding
        Of the whole window.
    recent : sequence of Finding
        Alarms of its last days.

    Returns
    -------
    list of Finding
        One for each check and subject.
    """
    alarms = {(one.question, one.check, one.subject): one for one in recent}
    merged = []
    for finding in findings:
        alarm = alarms.pop((finding.question, finding.check, finding.subject), None)
        merged.append(finding if alarm is None or finding.verdict is Verdict.FAIL else alarm)
    return [*merged, *alarms.values()]


@stage("recent_days", lambda findings: f"{len(findings)} checks failed in the last days alone")
def check_recent_days(job: Job, comparison: Comparison) -> list[Finding]:
    """Ask the same of the last days alone, in a weekly or daily run. Acting on it is the flow's business."""
    return date_changes(measure_recent_drift(replace(comparison, policy=job.policy.drift)), comparison)
