"""A run at a glance: the Markdown page, the tables and the small picture that the Prefect UI shows."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.core.findings import Question
from tasks.core.wording import AUC, format_amount
from tasks.prefect_ui.links import link_page

MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "not_enough_data": "?", "not_run": "–"}
COLOURS = {"pass": "#2e7d32", "warn": "#f9a825", "fail": "#c62828", "not_enough_data": "#8e24aa", "not_run": "#9e9e9e"}
LONGEST_BAR = 5.0  # times the limit; a longer bar would leave no room for the others
MOST_ALARMS = 8


def render_verdict(summary: Mapping[str, Any], run_page: str | None) -> str:
    """The verdict as Markdown: what moved, how much, how sure, what was done, and links."""
    window, contract = summary["window"], summary["contract"]["name"]
    lines = [
        f"# {contract}, {window['start']} to {window['end']}: {spell(summary['outcome'])}",
        "",
        escape(summary["reason"]),
        "",
        f"![how far each question is from its limit]({draw_picture(summary)})",
        "",
        "| question | verdict | what |",
        "|---|---|---|",
        *(_row(summary, str(question)) for question in Question),
        "",
        *_alarms(summary),
        _models(summary),
        "",
        f"Report: {_link(link_page(Path(summary['results']), 'report.html'))}",
    ]
    if run_page:
        lines += ["", f"Run: {_link(run_page)}"]
    return "\n".join(lines) + "\n"


def tabulate_findings(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every finding as a row of plain values."""
    names = ("question", "verdict", "subject", "check", "effect", "limit", "unit", "p_value", "sentence")
    return [{name: _plain(finding[name]) for name in names} for finding in summary["findings"]]


def tabulate_comparison(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Champion and challenger side by side on the judging days; no row where nothing was compared."""
    record = summary["comparison"]
    if not record:
        return []
    rows = []
    for name in ("auc", "accuracy", "precision", "recall", "f1", "brier", "rows"):
        values = {who: _plain(record[who][name]) for who in ("champion", "challenger")}
        rows.append({"measure": name, **values})
    low, high = record["interval"] or (None, None)
    difference = {"measure": "auc difference", "champion": "", "challenger": _plain(record["difference"])}
    return [*rows, difference, {"measure": "its interval", "champion": _plain(low), "challenger": _plain(high)}]


def draw_picture(summary: Mapping[str, Any]) -> str:
    """How far each question's largest effect is from its limit, as a PNG in a data URI of a few kB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    questions = [str(question) for question in Question]
    ratios = [measure_ratio(summary["findings"], question) for question in questions]
    figure = Figure(figsize=(6.4, 1.9), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    colours = [COLOURS[summary["verdicts"][question]] for question in questions]
    axes.barh(questions, [min(ratio, LONGEST_BAR) for ratio in ratios], color=colours)
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xlim=(0, LONGEST_BAR), xlabel="largest effect, in multiples of its limit")
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return "data:image/png;base64," + base64.b64encode(image.getvalue()).decode()


def measure_ratio(findings: Sequence[Mapping[str, Any]], question: str) -> float:
    """The question's largest effect over its limit; 0 where nothing was measured."""
    asked = (f for f in findings if f["question"] == question and f["effect"] is not None and f["limit"])
    return max((float(f["effect"]) / float(f["limit"]) for f in asked), default=0.0)


def spell(word: str) -> str:
    """A name of ours in words."""
    return word.replace("_", " ")


def escape(text: str) -> str:
    """Text that comes from the data, so that it shows as it is in Markdown, in a table too."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]#|<>!" else sign for sign in text).replace("\n", " ")


def _row(summary: Mapping[str, Any], question: str) -> str:
    verdict = summary["verdicts"][question]
    told = [f["sentence"] for f in summary["findings"] if f["question"] == question and f["verdict"] == verdict]
    lead = escape(told[0]) if told and verdict != "pass" else ""
    more = f" (+{len(told) - 1} more)" if lead and len(told) > 1 else ""
    return f"| {question} | {MARKS[verdict]} {spell(verdict)} | {lead}{more} |"


def _alarms(summary: Mapping[str, Any]) -> list[str]:
    failed = [f for f in summary["findings"] if f["verdict"] == "fail"]
    if not failed:
        return []
    rows = [
        f"| {f['question']} | {escape(f['subject'] or spell(f['check']))} | {_amount(f, 'effect')} "
        f"| {_amount(f, 'limit')} | {_chance(f['p_value'])} |"
        for f in failed[:MOST_ALARMS]
    ]
    head = "| question | what | how much | limit | by chance alone |"
    return ["## What moved", "", head, "|---|---|---|---|---|", *rows, ""]


def _models(summary: Mapping[str, Any]) -> str:
    champion = summary["champion"]
    if champion is None:
        return "Model: nothing was judged or trained, the champion stays."
    return f"Model before: version {champion['version']} ({spell(champion['kind'])}). In production now: version {summary['champion_after']}."  # noqa: E501


def _amount(finding: Mapping[str, Any], name: str) -> str:
    if finding[name] is None:
        return ""
    if finding["question"] == Question.QUALITY:  # shares, counts and whatever else a check of quality counts
        return f"{float(finding[name]):.3g} {escape(finding['unit'])}"
    amount = format_amount(float(finding[name]), finding["unit"])
    return f"{amount} {AUC}" if finding["unit"] == AUC else amount


def _chance(p_value: float | None) -> str:
    if p_value is None:
        return ""
    return "less than once in a million windows" if p_value < 1e-6 else f"{float(p_value):.2g}"


def _link(place: str) -> str:
    return f"[{escape(place)}]({place})" if place.startswith(("http://", "https://")) else f"`{place}`"


def _plain(value: Any) -> Any:
    """A value that JSON and the UI's table take."""
    if value is None:
        return ""
    return round(value, 5) if isinstance(value, float) else value
