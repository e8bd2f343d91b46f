"""Quality: may this window be used at all?

Unfit is a window with too few applications, a broken contract, too many duplicates or ambiguous customers, or one
decision only. All else warns: it is told, and the run goes on.
"""

from __future__ import annotations

from collections.abc import Iterable

from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question, Verdict, summarise
from tasks.core.policy import QualityPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.extract.extract import Extract
from tasks.extract.labels import read_labels
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.quality.columns import measure_columns
from tasks.quality.leakage import measure_auc_without_leaks, measure_leakage
from tasks.quality.rows import (
    check_ambiguous,
    check_conflicts,
    check_ids,
    check_labels,
    check_repeats,
    check_rows,
    check_times,
    check_undated,
    check_versions,
)


@stage("quality", lambda findings: f"{summarise(findings, Question.QUALITY)}, {len(findings)} checks")
def check_quality(job: Job, extract: Extract) -> list[Finding]:
    """Whether the job's window may be used."""
    return measure_quality(job.contract, extract, job.policy.quality, job.window)


@stage("leaks", lambda findings: findings[0].sentence if findings else "no leak is suspected")
def check_leaks(job: Job, observed: ScoredWindow) -> list[Finding]:
    """What the champion's AUC rests on: with and without the rows whose decision a column gives away."""
    return measure_auc_without_leaks(job.contract, observed, job.policy.quality)


def is_fit(findings: Iterable[Finding]) -> bool:
    """Whether no quality check failed."""
    return summarise(findings, Question.QUALITY) is not Verdict.FAIL


def measure_quality(
    contract: Contract, extract: Extract, policy: QualityPolicy, window: Window | None = None
) -> list[Finding]:
    """Every quality check of a window; without rows, only that there are none.

    With `window`, rows outside it are found too.
    """
    findings = [check_rows(extract, policy), check_undated(extract)]
    applications = extract.applications
    if not len(applications):
        return findings
    labels = read_labels(contract, applications)
    return [
        *findings,
        check_times(contract, applications, window),
        check_ids(contract, applications, policy),
        check_repeats(contract, extract, policy),
        check_versions(extract),
        check_ambiguous(extract, policy),
        *measure_columns(contract, extract, policy),
        check_labels(contract, labels, policy),
        check_conflicts(contract, applications, labels, policy),
        *measure_leakage(contract, applications, labels, policy),
    ]
