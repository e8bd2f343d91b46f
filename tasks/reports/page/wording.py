"""Wording of the pages: questions, measures, and numbers with their units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from tasks.core.causes import read_causes
from tasks.core.findings import DRIFT_QUESTIONS, UNANSWERED, Verdict
from tasks.core.model_names import name_external
from tasks.core.positive import UNNAMED, Positive
from tasks.core.wording import format_share, join_list

Record = Mapping[str, Any]

# The label question names the positive label: `describe_questions` and `describe_failure` put it in.
_QUESTIONS = {
    "quality": ("Data quality", "Can this data be used?"),
    "data": ("Data drift", "Have the applicants changed?"),
    "label": ("Label drift", "Has the {share} changed?"),
    "concept": ("Concept drift", "Has the decision rule changed?"),
    "model": ("Model drift", "Does the model perform worse than before?"),
}
_FAILURES = {
    "data": "the applicants have changed",
    "label": "the {share} has changed",
    "concept": "the decision rule has changed",
    "model": "the model performs worse",
}
MEASURES = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1 score",
    "brier": "Brier score",
}
KINDS = {"random_forest": "Random Forest", "gradient_boosting": "Gradient Boosting"}


def describe_questions(positive: Positive = UNNAMED) -> dict[str, tuple[str, str]]:
    """The questions of a run in their order: each one's title, and what it asks."""
    return {name: (title, asks.format(share=positive.share)) for name, (title, asks) in _QUESTIONS.items()}


def describe_failure(question: str, positive: Positive) -> str:
    """What it means that a drift question failed."""
    return _FAILURES[question].format(share=positive.share)


def find_positive(summary: Record) -> Positive:
    """The positive label of a run's contract, as sentences name it."""
    return Positive(summary["contract"]["positive"])


def name_kind(kind: str) -> str:
    """A kind of model by its usual name."""
    return KINDS.get(kind, kind.replace("_", " "))


def find_external(champion: Record) -> Record | None:
    """What a summary's champion says of the lender's own model; None of a model of loanwatch's."""
    external: Record | None = champion.get("external")
    return external


def describe_champion(champion: Record) -> str:
    """The monitored model of a summary: its usual name, or that of the lender's own model."""
    external = find_external(champion)
    return name_external(external) if external else name_kind(champion["kind"])


def set_names(sentence: str) -> Markup:
    """A sentence for a page: what stands in backticks, such as the name of a limit or a command, is set as code.

    Examples
    --------
    >>> str(set_names("Raise `drift.label_limit`, if 3 < 4."))
    'Raise <code>drift.label_limit</code>, if 3 &lt; 4.'
    """
    parts = re.split(r"`([^`\n]+)`", sentence)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts)
    )


def let_break(name: str) -> Markup:
    """A name that may go on in the next line after an underscore, a dot or a slash, and nowhere else.

    Examples
    --------
    >>> str(let_break("max_open <b>"))
    'max_<wbr>open &lt;b&gt;'
    """
    return Markup("<wbr>").join(re.split(r"(?<=[_./])(?=\w)", name))


def describe_promoted(row: Record) -> str:
    """The model of a row of the ledger: its usual name, or that of the lender's own model."""
    return name_external(row["external"]) if row.get("external") else name_kind(row["kind"])


def format_value(value: float | None, unit: str) -> str:
    """A value of the reference or the window in the unit of its finding."""
    if value is None:
        return ""
    return _format_plain(value, unit) if not _is_share(unit) else format_share(value)


def format_effect(effect: float | None, unit: str, points: str = "percentage points") -> str:
    """How much something changed: a share in percentage points, which a table may abbreviate."""
    if effect is None:
        return ""
    return f"{100 * effect:.1f} {points}" if _is_share(unit) else _format_plain(effect, unit)


def format_number(value: float, unit: str = "") -> str:
    """Four significant digits with thousands marked, and the unit."""
    return f"{float(f'{value:.4g}'):,.10g} {unit}".strip()


def format_significance(p_value: float | None) -> str:
    """How significant a change is: how often a window without any change would show as much."""
    if p_value is None:
        return "not tested"
    if p_value < 1e-6:
        return "p < 0.000001 (less than 1 in 1,000,000 windows without a change)"
    return f"p = {p_value:.2g} (about 1 in {float(f'{1 / p_value:.2g}'):,.0f} windows without a change)"


def write_headline(summary: Record) -> str:
    """The result in one sentence."""
    outcome = summary["outcome"]
    if outcome == "quality_failed":
        return "The data of this window are unfit for use; drift was not tested."
    if outcome == "stable":
        return "No new change." if "known" in summary["verdicts"].values() else "No significant change."
    if outcome == "undecided":
        unanswered = [name for name in DRIFT_QUESTIONS if summary["verdicts"][name] in UNANSWERED]
        names = join_list([_QUESTIONS[name][0].lower() for name in unanswered])
        return f"No alarm, but {names} could not be tested."
    failed = [name for name in DRIFT_QUESTIONS if summary["verdicts"][name] == "fail"]
    if not failed and "known" in summary["verdicts"].values():
        replaced = "the challenger replaces the champion" if outcome == "promoted" else "the champion stays"
        return f"No new change; a challenger was trained again: {replaced}."
    changed = join_list([_name_failure(summary, name, 2 if len(failed) == 1 else 1) for name in failed])
    changed = changed or "drift was found"
    # Of two tables that were compared there is no champion.
    endings = {"promoted": ": the challenger replaces the champion", "changed": ""}
    return f"{changed[0].upper()}{changed[1:]}{endings.get(outcome, ': the champion stays')}."


def _name_failure(summary: Record, question: str, most: int) -> str:
    """The failed question in words, with its first columns."""
    columns = dict.fromkeys(
        finding.subject
        for cause in read_causes(summary["findings"])
        for finding in cause.findings
        if finding.question == question and finding.subject and cause.verdict is Verdict.FAIL
        if finding.verdict is Verdict.FAIL or finding is cause.lead
    )
    named = join_list(list(columns)[:most]) + (f" and {len(columns) - most} more" if len(columns) > most else "")
    failure = describe_failure(question, find_positive(summary))
    return f"{failure} ({named})" if named else failure


def _is_share(unit: str) -> bool:
    """Whether a unit is shown in percent."""
    return unit.startswith(("share", "chance", "calibration error"))


def _format_plain(value: float, unit: str) -> str:
    return f"{value:.3f}" if unit == "AUC" else format_number(value, unit)
