"""Words and numbers of the report: plain English for a committee, with units, rounded to what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.core.wording import join_list

Record = Mapping[str, Any]

QUESTIONS = {
    "quality": ("Data quality", "Can this data be used?"),
    "data": ("Data drift", "Have the applicants changed?"),
    "label": ("Label drift", "Has the approval rate changed?"),
    "concept": ("Concept drift", "Has the rule behind the decisions changed?"),
    "model": ("Model drift", "Is the model worse than it was?"),
}
STATES = {
    "pass": ("✓", "nothing that matters"),
    "warn": ("!", "a note, no alarm"),
    "fail": ("✗", "alarm"),
    "not_enough_data": ("?", "not enough data"),
    "not_run": ("–", "not asked"),
}
QUALITY_STATES = {"pass": "fit", "warn": "fit, with notes", "fail": "unfit"}
OUTCOMES = {
    "quality_failed": "unfit data",
    "stable": "stable",
    "undecided": "undecided",
    "kept": "model kept",
    "promoted": "model replaced",
}
FAILURES = {
    "data": "the applicants have changed",
    "label": "the approval rate has changed",
    "concept": "the rule behind the decisions has changed",
    "model": "the model has become worse",
}
CHECKS = {
    "distribution": "distribution",
    "never_seen": "values never seen before",
    "missing": "missing values",
    "joint_shape": "all columns together",
    "approval_rate": "approval rate",
    "score_curve": "approval at an equal score",
    "by_column": "approval by its values",
    "auc": "ranking (AUC)",
    "calibration": "calibration",
    "estimated_auc": "ranking where decisions are missing (estimated AUC)",
}
MEASURES = {
    "auc": ("AUC", "the chance that a loan that was given has a higher score than one that was refused"),
    "accuracy": ("accuracy", "share of decisions that the model gets right"),
    "precision": ("precision", "of those that it would approve, the share that was approved"),
    "recall": ("recall", "of those that were approved, the share that it would approve"),
    "f1": ("F1", "precision and recall in one number"),
    "brier": ("Brier score", "mean squared error of the probability; lower is better"),
}
KINDS = {"random_forest": "Random Forest", "gradient_boosting": "Gradient Boosting"}


def name_check(name: str) -> str:
    """A check's name in words."""
    return CHECKS.get(name, name.replace("_", " "))


def name_kind(kind: str) -> str:
    """A kind of model by its usual name."""
    return KINDS.get(kind, kind.replace("_", " "))


def format_state(question: str, verdict: str) -> str:
    """A verdict in words, as an answer to its question."""
    return QUALITY_STATES.get(verdict, STATES[verdict][1]) if question == "quality" else STATES[verdict][1]


def format_share(share: float) -> str:
    """A share as a percentage."""
    return f"{100 * share:.1f} %"


def format_value(value: float | None, unit: str) -> str:
    """A value then or now in the unit of its finding."""
    if value is None:
        return ""
    return _say_plain(value, unit) if not _is_share(unit) else format_share(value)


def format_effect(effect: float | None, unit: str) -> str:
    """How much something changed: a share in percentage points."""
    if effect is None:
        return ""
    return f"{100 * effect:.1f} percentage points" if _is_share(unit) else _say_plain(effect, unit)


def format_number(value: float, unit: str = "") -> str:
    """Four significant digits with thousands marked, and the unit."""
    return f"{float(f'{value:.4g}'):,.10g} {unit}".strip()


def format_chance(p_value: float | None) -> str:
    """How sure: how often chance alone would show as much."""
    if p_value is None:
        return "not tested"
    if p_value < 1e-6:
        return "chance alone would show this less than once in a million windows"
    if p_value < 0.1:
        return f"chance alone would show this about once in {float(f'{1 / p_value:.2g}'):,.0f} windows"
    return f"chance alone would often show this (probability {p_value:.2f})"


def headline(summary: Record) -> str:
    """The verdict in one sentence."""
    outcome = summary["outcome"]
    if outcome == "quality_failed":
        return "This window's data cannot be used, so nothing was judged."
    if outcome == "stable":
        return "Nothing moved that matters."
    if outcome == "undecided":
        unanswered = [n for n in FAILURES if summary["verdicts"][n] in ("not_enough_data", "not_run")]
        names = join_list([QUESTIONS[name][0].lower() for name in unanswered])
        return f"Nothing that could be asked moved, but {names} could not be judged."
    failed = [name for name in FAILURES if summary["verdicts"][name] == "fail"]
    told = [_name_failure(summary, name, 2 if len(failed) == 1 else 1) for name in failed]
    moved = join_list(told) or "something moved"
    ending = "the model was replaced" if outcome == "promoted" else "the model stays"
    return f"{moved[0].upper()}{moved[1:]}: {ending}."


def _name_failure(summary: Record, question: str, most: int) -> str:
    """The failure, with the first of the columns behind it."""
    failed = [f for f in summary["findings"] if f["question"] == question and f["verdict"] == "fail"]
    columns = dict.fromkeys(f["subject"] for f in failed if f["subject"])
    named = join_list(list(columns)[:most]) + (f" and {len(columns) - most} more" if len(columns) > most else "")
    return f"{FAILURES[question]} ({named})" if named else FAILURES[question]


def _is_share(unit: str) -> bool:
    """Units that are counted in hundredths."""
    return unit.startswith(("share", "approval rate", "chance", "calibration error"))


def _say_plain(value: float, unit: str) -> str:
    return f"{value:.3f}" if unit == "AUC" else format_number(value, unit)
