"""The result of a run in the Prefect UI: a Markdown page, tables, and a small picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.core.causes import Cause, answer_question, name_others, name_parts, read_causes
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.positive import Positive, name_check
from tasks.core.wording import AUC, VERDICTS, format_amount, name_outcome, name_verdict
from tasks.prefect_ui.links import link_page

LONGEST_BAR = 5.0  # times the limit; a longer bar would leave no room for the others
MOST_ALARMS = 8


def render_verdict(summary: Mapping[str, Any], run_page: str | None) -> str:
    """The result as Markdown: what changed, by how much, how significant it is, what was done, and links."""
    window, contract = summary["window"], summary["contract"]["name"]
    causes, positive = read_causes(summary["findings"]), Positive(summary["contract"]["positive"])
    outcome = name_outcome(summary["outcome"], was_retrained=bool(summary["comparison"]))
    lines = [
        f"# {contract}, {window['start']} to {window['end']}: {outcome}",
        "",
        escape(summary["reason"]),
        "",
        f"![largest effect of each question, in multiples of its limit]({draw_picture(summary)})",
        "",
        "| question | verdict | finding |",
        "|---|---|---|",
        *(_row(causes, question, Verdict(summary["verdicts"][question]), positive) for question in Question),
        "",
        *_alarms(causes, positive),
        *_known(causes, positive),
        *_bank(summary),
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
    positive = Positive(summary["contract"]["positive"])
    return [
        {name: _plain(finding[name]) for name in names} | {"check": name_check(finding["check"], positive)}
        for finding in summary["findings"]
    ]


def tabulate_comparison(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Champion and challenger side by side on the test days; no row where nothing was compared."""
    record = summary["comparison"]
    if not record:
        return []
    rows = []
    for name in ("auc", "accuracy", "precision", "recall", "f1", "brier", "rows"):
        values = {who: _plain(record[who][name]) for who in ("champion", "challenger")}
        rows.append({"measure": name, **values})
    low, high = record["interval"] or (None, None)
    difference = {"measure": "auc difference", "champion": "", "challenger": _plain(record["difference"])}
    return [
        *rows,
        difference,
        {"measure": "interval of the difference", "champion": _plain(low), "challenger": _plain(high)},
    ]


def draw_picture(summary: Mapping[str, Any]) -> str:
    """Each question's largest effect in multiples of its limit, as a PNG in a data URI of a few kB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    questions = [str(question) for question in Question]
    ratios = [measure_ratio(summary["findings"], question) for question in questions]
    figure = Figure(figsize=(6.4, 1.9), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    colours = [VERDICTS[Verdict(summary["verdicts"][question])].tone.colour for question in questions]
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
    """A name from the code with spaces."""
    return word.replace("_", " ")


def escape(text: str) -> str:
    """Text from the data, escaped so that Markdown shows it unchanged, in a table too."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]#|<>!" else sign for sign in text).replace("\n", " ")


def _row(causes: Sequence[Cause], question: Question, verdict: Verdict, positive: Positive) -> str:
    answer = "" if verdict is Verdict.PASS else escape(answer_question(causes, question, verdict, positive))
    return f"| {question} | {VERDICTS[verdict].mark}\N{NO-BREAK SPACE}{name_verdict(question, verdict)} | {answer} |"


def _alarms(causes: Sequence[Cause], positive: Positive) -> list[str]:
    """A row for each cause of an alarm: what to look at, its other findings, and the numbers of the alarm."""
    alarms = [cause for cause in causes if cause.verdict is Verdict.FAIL]
    if not alarms:
        return []
    rows = []
    for cause in alarms[:MOST_ALARMS]:
        finding = next(finding for finding in cause.findings if finding.verdict is Verdict.FAIL)
        parts = name_parts(cause, positive, [cause.lead])
        what = escape(f"{cause.name(positive)} (and {parts})" if parts else cause.name(positive))
        numbers = f"{_amount(finding, finding.effect)} | {_amount(finding, finding.limit)}"
        rows.append(f"| {finding.question} | {what} | {numbers} | {_format_p_value(finding.p_value)} |")
    others = name_others(alarms[MOST_ALARMS:], positive)
    head = ["## Significant changes", "", "| question | what | change | limit | p-value |", "|---|---|---|---|---|"]
    return [*head, *rows, "", *([escape(f"And also: {others}."), ""] if others else [])]


def _known(causes: Sequence[Cause], positive: Positive) -> list[str]:
    """One line that names the known changes and since when each is known."""
    known = [cause for cause in causes if cause.verdict is Verdict.KNOWN]
    named = [f"{cause.name(positive)} (since {cause.answer.since})" for cause in known if cause.answer]
    return [escape(f"Known changes: {', '.join(named)}."), ""] if named else []


def _bank(summary: Mapping[str, Any]) -> list[str]:
    """The bank's numbers as a short table, for information."""
    bank = summary.get("bank")
    if not bank:
        return []
    rows = [
        f"| {escape(' '.join(filter(None, (one['name'], one['subject']))))} | {_digits(one['reference'])} "
        f"| {_digits(one['window'])} | {one['band']} | {one['window_rows']:,} |"
        for one in bank["headlines"]
    ]
    head = ["| number | reference | window | usual band | rows |", "|---|---|---|---|---|"]
    return ["## In the bank's terms", "", "For information; no verdict depends on them.", "", *head, *rows, ""]


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _models(summary: Mapping[str, Any]) -> str:
    champion = summary["champion"]
    if champion is None:
        return "Model: no question was tested and nothing was trained; the champion stays."
    return f"Model before: version {champion['version']} ({spell(champion['kind'])}). In production now: version {summary['champion_after']}."  # noqa: E501


def _amount(finding: Finding, value: float | None) -> str:
    if value is None:
        return ""
    if finding.question is Question.QUALITY:  # shares, counts and other units
        return f"{value:.3g} {escape(finding.unit)}"
    amount = format_amount(value, finding.unit)
    return f"{amount} {AUC}" if finding.unit == AUC else amount


def _format_p_value(p_value: float | None) -> str:
    if p_value is None:
        return ""
    return "< 0.000001" if p_value < 1e-6 else f"{float(p_value):.2g}"


def _link(place: str) -> str:
    return f"[{escape(place)}]({place})" if place.startswith(("http://", "https://")) else f"`{place}`"


def _plain(value: Any) -> Any:
    """A value that JSON and the UI's table take."""
    if value is None:
        return ""
    return round(value, 5) if isinstance(value, float) else value
