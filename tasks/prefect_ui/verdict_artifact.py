"""The result of a run as a page in the Prefect UI: what matters first, in few words, as the UI cuts off long cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.core.causes import Cause, answer_question, name_others, name_parts, read_causes
from tasks.core.excess import count_limits
from tasks.core.findings import Finding, Question, Verdict
from tasks.core.positive import Positive
from tasks.core.wording import VERDICTS, name_outcome, name_verdict
from tasks.prefect_ui.cells import escape, format_p_value, state_amount
from tasks.prefect_ui.links import link_page
from tasks.prefect_ui.verdict_picture import draw_picture

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
        *_tabulate_questions(summary, causes, positive),
        f"![largest change of each question, in multiples of its limit]({draw_picture(summary)})",
        "",
        *_alarms(causes, positive),
        *_explain(summary, causes, positive),
        *_known(causes, positive),
        *_bank(summary),
        _models(summary),
        "",
        f"Report: {_link(link_page(Path(summary['results']), 'report.html'))}",
    ]
    if run_page:
        lines += ["", f"Run: {_link(run_page)}"]
    return "\n".join(lines) + "\n"


def _tabulate_questions(summary: Mapping[str, Any], causes: Sequence[Cause], positive: Positive) -> list[str]:
    """A row for each question: its verdict, and the change that goes furthest beyond its limit, with its numbers."""
    rows = []
    for question in Question:
        verdict = Verdict(summary["verdicts"][question])
        name = f"{VERDICTS[verdict].mark}\N{NO-BREAK SPACE}{name_verdict(question, verdict)}"
        asked = [(cause, finding) for cause in causes for finding in cause.findings
                 if finding.question is question and finding.verdict is verdict]  # fmt: skip
        cells = ["", "", ""]
        if verdict is not Verdict.PASS and asked:
            cause, finding = max(asked, key=lambda pair: _measure(pair[1]))
            others = len({each.name(positive) for each, _ in asked} - {cause.name(positive)})
            more = f" (+{others})" if others else ""
            cells = [f"{escape(cause.name(positive))}{more}", *_state_change(finding)]
        rows.append(f"| {question} | {name} | {' | '.join(cells)} |")
    return ["| question | verdict | what | change | limit |", "|---|---|---|---|---|", *rows, ""]


def _measure(finding: Finding) -> float:
    return count_limits(finding.effect, finding.limit, finding.unit)


def _state_change(finding: Finding) -> tuple[str, str]:
    """A change and its limit, as the cells of a table."""
    return state_amount(finding, finding.effect), state_amount(finding, finding.limit)


def _explain(summary: Mapping[str, Any], causes: Sequence[Cause], positive: Positive) -> list[str]:
    """What was found, in sentences: a line for each question that did not pass."""
    lines = []
    for question in Question:
        verdict = Verdict(summary["verdicts"][question])
        answer = "" if verdict is Verdict.PASS else answer_question(causes, question, verdict, positive)
        if answer:
            lines.append(f"- **{question}**: {escape(answer)}")
    return ["## In sentences", "", *lines, ""] if lines else []


def _alarms(causes: Sequence[Cause], positive: Positive) -> list[str]:
    """A row for each cause of an alarm: what to look at, its other findings, and the numbers of the alarm."""
    alarms = [cause for cause in causes if cause.verdict is Verdict.FAIL]
    if not alarms:
        return []
    rows = []
    for cause in alarms[:MOST_ALARMS]:
        finding = next(finding for finding in cause.findings if finding.verdict is Verdict.FAIL)
        parts = name_parts(cause, positive, [cause.lead])
        numbers = " | ".join(_state_change(finding))
        rows.append(
            f"| {finding.question} | {escape(cause.name(positive))} | {numbers} | {format_p_value(finding.p_value)} "
            f"| {escape(parts)} |"
        )
    others = name_others(alarms[MOST_ALARMS:], positive)
    titles = "| question | what | change | limit | p-value | and also |"
    head = ["## Significant changes", "", titles, "|---|---|---|---|---|---|"]
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
    return f"Model before: version {champion['version']} ({champion['kind'].replace('_', ' ')}). In production now: version {summary['champion_after']}."  # noqa: E501


def _link(place: str) -> str:
    return f"[{escape(place)}]({place})" if place.startswith(("http://", "https://")) else f"`{place}`"
