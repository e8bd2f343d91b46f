"""Significant changes: a card for each cause of an alarm, the largest excess over its limit first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from tasks.core.causes import read_causes
from tasks.core.excess import weigh_record
from tasks.core.findings import Question, Verdict
from tasks.core.onset import read_onset
from tasks.core.positive import Positive, name_check
from tasks.core.wording import format_share, join_list
from tasks.reports.page.evidence import Evidence, Pair
from tasks.reports.page.model_pictures import draw_calibration, draw_decisions
from tasks.reports.page.onset_picture import draw_onset
from tasks.reports.page.pictures import draw_change, draw_column, list_categories
from tasks.reports.page.wording import Record, find_positive, format_effect, format_number, format_significance

# Titles of the cards that are not about one column.
_WHOLE = {
    "joint_shape": "Joint distribution of the columns",
    "auc": "Ranking by the model",
    "estimated_auc": "Estimated ranking of undecided applications",
}


_MOST_DECISIONS = 3  # columns of a changed rule that have a picture


@dataclass(frozen=True)
class Alarm:
    """One alarm in a card: the check, the change, its limit and significance, and the smallest detectable change."""

    question: str
    check: str
    effect: str
    limit: str
    sentence: str
    significance: str
    smallest: str


@dataclass(frozen=True)
class Card:
    """The findings of one cause: of a column, of the rule, or of one measure of the whole window."""

    title: str
    shift: str
    alarms: Sequence[Alarm]
    pictures: Sequence[Markup]
    weight: float


def make_cards(summary: Record, evidence: Evidence | None) -> list[Card]:
    """The cards of a run's drift alarms, ordered by how far each change exceeds its limit."""
    findings, positive = summary["findings"], find_positive(summary)
    cards = []
    for cause in read_causes(findings):
        if cause.verdict is Verdict.FAIL and cause.lead.question is not Question.QUALITY:
            alarms = [place for place in cause.places[1:] if findings[place]["verdict"] == Verdict.FAIL]
            cards.append(_make_card([findings[place] for place in (cause.places[0], *alarms)], evidence, positive))
    # Columns come before the domain classifier: they say what changed.
    return sorted(cards, key=lambda card: (card.title == _WHOLE["joint_shape"], -card.weight))


def _make_card(findings: Sequence[Record], evidence: Evidence | None, positive: Positive) -> Card:
    """A card of a cause's findings, of which the first says most."""
    first = findings[0]
    pair = evidence.columns.get(first["subject"]) if evidence else None
    title = first["subject"] or _name_whole(first, positive)
    return Card(
        title=title,
        shift=_describe_shift(findings, pair),
        alarms=[_describe_alarm(finding, title, positive) for finding in findings],
        pictures=[picture for picture in _draw(findings, pair, evidence, positive) if picture],
        weight=max(map(weigh_record, findings)),
    )


def _name_whole(finding: Record, positive: Positive) -> str:
    if finding["check"] == "missing":
        return f"Missing together: {join_list(finding['columns'])}"
    check = "score_curve" if finding["check"] == "calibration" else finding["check"]
    name = name_check(check, positive)
    return _WHOLE.get(check, f"{name[0].upper()}{name[1:]}")


def _describe_alarm(finding: Record, title: str, positive: Positive) -> Alarm:
    smallest, check = finding["smallest_detectable"], name_check(finding["check"], positive)
    is_of_other = finding["subject"] not in ("", title)
    return Alarm(
        question=finding["question"],
        check=f"{check}: {finding['subject']}" if is_of_other else check,
        effect=format_effect(finding["effect"], finding["unit"]),
        limit=format_effect(finding["limit"], finding["unit"]),
        sentence=finding["sentence"],
        significance=format_significance(finding["p_value"]),
        smallest=format_effect(smallest, finding["unit"]) if smallest else "",
    )


def _draw(findings: Sequence[Record], pair: Pair | None, evidence: Evidence | None, positive: Positive) -> list[Markup]:
    checks = {finding["check"]: finding for finding in findings}
    pictures = []
    if evidence is not None and pair is not None and checks.keys() & {"distribution", "never_seen"}:
        pictures.append(draw_column(evidence.contract, pair))
    if evidence is not None and checks.keys() & {"score_curve", "calibration"}:
        pictures.append(draw_calibration(evidence))
    if evidence is not None:
        changed = [finding["subject"] for finding in findings if finding["check"] == "by_column"]
        pictures += [draw_decisions(evidence, column) for column in changed[:_MOST_DECISIONS]]
    for name in ("missing", "approval_rate", "auc", "estimated_auc"):
        if name in checks and checks[name]["current"] is not None:
            before, now = checks[name]["reference"], checks[name]["current"]
            pictures.append(draw_change(before, now, name_check(name, positive), is_share="auc" not in name))
    return [*pictures, *_draw_days(findings)]


def _draw_days(findings: Sequence[Record]) -> list[Markup]:
    """The days of the finding that is dated best."""
    read = ((read_onset(finding.get("onset")), finding["unit"]) for finding in findings)
    dated = sorted(((onset, unit) for onset, unit in read if onset is not None), key=lambda one: one[0].span)
    return [draw_onset(onset, unit) for onset, unit in dated[:1]]


def _describe_shift(findings: Sequence[Record], pair: Pair | None) -> str:
    """The shift in the column's own unit: medians, means of small counts, or the category that changed most."""
    is_about_values = any(finding["check"] in ("distribution", "never_seen") for finding in findings)
    if pair is None or not pair.has_values or not is_about_values:
        return ""
    if not pair.bins.is_number:
        category, before, now = max(list_categories(pair), key=lambda row: abs(row[2] - row[1]))
        return f"“{category}”: {format_share(before)} → {format_share(now)} of applicants"
    return describe_numeric_shift(pair)


def describe_numeric_shift(pair: Pair) -> str:
    """The median in the reference and in the window, or the mean where the column has few values."""
    bins, edges = pair.bins, pair.bins.edges
    inner = pair.reference[1 : bins.intervals + 1].astype(float)
    plain = pd.Series(pair.held[~pair.held.isin(list(bins.special))]).dropna()
    if not inner.sum() or not len(plain) or len(edges) < 2:
        return ""
    if pair.has_few_values:
        before, now, measure = float(inner[1:] @ edges / inner.sum()), float(plain.mean()), "mean"
    else:
        below = np.cumsum(inner)[:-1] / inner.sum()
        before, now, measure = float(np.interp(0.5, below, edges)), float(plain.median()), "median"
    return f"{measure} {format_number(before)} → {format_number(now, bins.unit)}{_format_ratio(before, now)}"


def _format_ratio(before: float, now: float) -> str:
    if not before or before * now <= 0:
        return ""
    return f" ({100 * (now / before - 1):+.0f} %)" if now < 3 * before else f" ({now / before:.3g} times)"
