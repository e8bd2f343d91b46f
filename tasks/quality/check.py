"""Quality: is the window fit for use?

A window is unfit if it has too few applications, breaks the contract, has too many duplicates or ambiguous customers,
or holds one decision only; or if on most of its days applications have not arrived (`tasks/quality/arrivals.py`).
Everything else is a warning: it is reported, and the run continues.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blocks.errors import LoanwatchError
from tasks.contract.contract import Contract
from tasks.core.findings import Finding, Question, Verdict, summarise
from tasks.core.policy import QualityPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.core.windows import Window
from tasks.extract.extract import Extract
from tasks.extract.labels import read_labels
from tasks.job.job import Job
from tasks.job.stage import stage
from tasks.quality.columns import judge_columns
from tasks.quality.count import count_at_once
from tasks.quality.counts import QualityCounts
from tasks.quality.leak_search import measure_leaks
from tasks.quality.leak_signs import Leak
from tasks.quality.leakage import measure_auc_without_leaks, measure_leakage
from tasks.quality.rows import (
    check_ambiguous,
    check_conflicts,
    check_ids,
    check_labels,
    check_repeats,
    check_rows,
    check_undated,
    check_versions,
)
from tasks.quality.times import check_last_day, check_strays, check_times


class UnfitWindowError(LoanwatchError):
    """The applications of a window cannot be used."""


@dataclass(frozen=True)
class QualityResult:
    """Whether a window may be used, and the suspected leaks of its labels."""

    findings: list[Finding]
    leaks: list[Leak]

    def __str__(self) -> str:
        """For the journal."""
        return f"{summarise(self.findings, Question.QUALITY)}, {len(self.findings)} checks"


@stage("quality", str)
def check_quality(job: Job, extract: Extract, counts: QualityCounts | None = None) -> QualityResult:
    """Whether the job's window may be used; `counts` are those of its parts, where it was read in parts."""
    labels = read_labels(job.contract, extract.applications)
    leaks = measure_leaks(job.contract, extract.applications, labels, job.policy.quality)
    counts = counts or count_at_once(job.contract, extract, job.window)
    findings = judge_quality(job.contract, counts, job.policy.quality, job.window)
    if len(labels):
        findings += measure_leakage(job.contract, extract.applications, labels, job.policy.quality, leaks)
    return QualityResult([*findings, *tell_kept(extract), *check_strays(job.contract, job.held)], leaks)


def tell_kept(extract: Extract) -> list[Finding]:
    """What rests on some applications only, where a window is too large to keep all values of all of them."""
    if extract.whole is None:
        return []
    kept, rows = len(extract.applications), len(extract)
    return [
        Finding(
            Question.QUALITY,
            "kept_rows",
            Verdict.PASS,
            f"All values are kept of {kept:,} of the {rows:,} applications, drawn by customer: the search for leaks, "
            "models and pictures of values rest on these. Counts, shares, rates, scores and the AUC rest on all.",
            effect=kept / rows,
            unit="share of applications",
        )
    ]


@stage("leaks", lambda findings: findings[0].sentence if findings else "no suspected leak")
def check_leaks(job: Job, observed: ScoredWindow, leaks: Sequence[Leak]) -> list[Finding]:
    """The champion's AUC with and without the rows whose decision a column reveals."""
    return measure_auc_without_leaks(observed, leaks)


def is_fit(findings: Iterable[Finding]) -> bool:
    """Whether no quality check failed."""
    return summarise(findings, Question.QUALITY) is not Verdict.FAIL


def require_fit(findings: Iterable[Finding], advice: str) -> None:
    """Raises UnfitWindowError where a quality check failed: why, and then `advice`, the next step in a sentence."""
    findings = list(findings)
    if not is_fit(findings):
        failed = (
            finding.sentence
            for finding in findings
            if finding.question is Question.QUALITY and finding.verdict is Verdict.FAIL
        )
        raise UnfitWindowError(" ".join(["The applications are unfit for use:", *failed, advice]))


def measure_quality(
    contract: Contract,
    extract: Extract,
    policy: QualityPolicy,
    window: Window | None = None,
    leaks: Sequence[Leak] | None = None,
) -> list[Finding]:
    """Every quality check of a window; without rows, only those that need none.

    With `window`, rows outside it are detected too. `leaks` are those of the window, where they are known already.
    """
    counts = count_at_once(contract, extract, window)
    findings = judge_quality(contract, counts, policy, window)
    if not counts.rows:
        return findings
    labels = read_labels(contract, extract.applications)
    return [*findings, *measure_leakage(contract, extract.applications, labels, policy, leaks)]


def judge_quality(
    contract: Contract, counts: QualityCounts, policy: QualityPolicy, window: Window | None = None
) -> list[Finding]:
    """The findings of a window's counts: all but those on leaks, which are measured on the rows.

    Raises ValueError where the counts are of another window.
    """
    if counts.window != window:
        raise ValueError(f"The counts are of the window {counts.window}, not of {window}.")
    findings = [check_rows(counts, policy), check_undated(counts)]
    if not counts.rows:
        return findings
    counts = counts.settle()
    return [
        *findings,
        check_times(contract, counts),
        check_last_day(contract, counts, window),
        check_ids(contract, counts, policy),
        check_repeats(contract, counts, policy),
        check_versions(counts),
        check_ambiguous(counts, policy),
        *judge_columns(contract, counts, policy),
        check_labels(contract, counts),
        check_conflicts(contract, counts, policy),
    ]
