"""The result of the trials: the rate of false alarms and the power for each change, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import scipy

from tasks.core.files import write_json, write_text
from tasks.core.findings import Question
from tasks.core.policy import DriftPolicy
from tasks.core.versions import read_versions
from tasks.job.job import Job
from tasks.monitor_check.planted_changes import CHANGES, NOTHING
from tasks.monitor_check.trials import Ground, Trial
from tasks.reports.page.template import render_page
from tasks.reports.repeat_command import write_policy

SCHEMA = "loanwatch.check_monitor/1"
CONFIDENCE = 0.95
_ASKED = (Question.DATA, Question.LABEL, Question.CONCEPT, Question.MODEL)


def summarise_trials(job: Job, ground: Ground, trials: Sequence[Trial], seconds: float) -> dict[str, Any]:
    """The record of a check of the monitor (schema loanwatch.check_monitor/1)."""
    nothing = [trial for trial in trials if trial.change == NOTHING.name]
    alarms = sum(bool(trial.raised) for trial in nothing)
    budget = compute_budget(job.policy.drift)
    rate = _count(alarms, len(nothing))
    return {
        "schema": SCHEMA,
        "job_id": job.job_id,
        "job_type": job.job_type,
        "contract": job.contract.name,
        "window": {"start": job.window.start.isoformat(), "end": job.window.end.isoformat()},
        "applications": len(ground.applications),
        "rows_per_half": len(ground.applications) // 2,
        "confidence": CONFIDENCE,
        "false_alarms": {
            **rate,
            "budget": budget,
            "is_within_budget": rate["interval"][0] <= budget,
            "by_question": {str(q): _count(sum(q in t.raised for t in nothing), len(nothing)) for q in _ASKED},
        },
        "power": [_summarise_change(change, trials) for change in CHANGES],
        "sentence": _describe(alarms, len(nothing), budget),
        "seconds": round(seconds, 1),
        "started_at": job.started_at.isoformat(),
        "policy": job.policy.model_dump(mode="json"),
        "versions": read_versions(),
    }


def compute_budget(policy: DriftPolicy) -> float:
    """The accepted share of false alarms: the error budgets of the four questions together."""
    return round(
        policy.columns_level + policy.joint_level + policy.label_level + policy.concept_level + policy.model_level, 6
    )


def write_trials(job: Job, summary: dict[str, Any]) -> None:
    """Write summary.json and report.html into the job's folder."""
    write_policy(job)
    write_json(job.results / "summary.json", summary)
    write_text(job.results / "report.html", render_page("check_monitor.html.j2", summary=summary))


def _summarise_change(change: Any, trials: Sequence[Trial]) -> dict[str, Any]:
    tried = [trial for trial in trials if trial.change == change.name]
    found = [trial for trial in tried if trial.is_expected]
    named = [trial.is_named for trial in found if trial.is_named is not None]
    return {
        "change": change.name,
        "description": change.description,
        "expected": [str(question) for question in change.expected],
        **_count(len(found), len(tried)),
        "named": _count(sum(named), len(named)) if named else None,
        "by_question": {str(q): sum(q in trial.raised for trial in tried) for q in _ASKED},
    }


def _count(hits: int, tries: int) -> dict[str, Any]:
    return {
        "hits": hits,
        "tries": tries,
        "share": hits / tries if tries else None,
        "interval": list(find_interval(hits, tries)),
    }


def find_interval(hits: int, tries: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share; where nothing was tried, any share is possible."""
    if not tries:
        return 0.0, 1.0
    interval = scipy.stats.binomtest(hits, tries).proportion_ci(CONFIDENCE, method="exact")
    return float(interval.low), float(interval.high)


def _describe(alarms: int, tries: int, budget: float) -> str:
    low, high = find_interval(alarms, tries)
    sentence = (
        f"{alarms} of {tries} random splits of this window raised a false alarm: {alarms / max(tries, 1):.1%}, "
        f"{CONFIDENCE:.0%} confidence interval {low:.1%} to {high:.1%}. The policy's error budget is {budget:.1%}. "
    )
    if low > budget:
        return sentence + "This exceeds the budget. Find the cause before you rely on a single alarm."
    return sentence + "This is within the budget."
