"""Deepchecks pages as one HTML file each: plotly.js once, no requests, and only the page's own two scripts may run."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any

import pandas as pd

from tasks.core.findings import Finding, Question, Verdict, summarise
from tasks.core.glossary import find_term
from tasks.core.wording import VERDICTS, name_verdict
from tasks.reports.deepchecks.checks import Outcome, is_figure
from tasks.reports.deepchecks.datasets import unguard

_DRAW = """
for (const place of document.querySelectorAll("div.plot")) {
  const figure = JSON.parse(place.nextElementSibling.textContent);
  Plotly.newPlot(place, figure.data, figure.layout, {responsive: true, displayModeBar: false, displaylogo: false});
}
"""

# The tones of the other pages on a dark ground.
_ON_DARK = {"pass": "#7fd3b2", "warn": "#f0c36d", "fail": "#ff9d7e", "open": "#cbb0f5", "blue": "#86bdf0"}
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6470; --paper: #fbfaf8; --hair: #d4d1c9; --head: #efede8;
  --open-soft: #efe7f8; --open: #61389a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e9eb; --soft: #a7afb9; --paper: #14171b; --hair: #3a414b;
  --head: #1c2026; --open-soft: #31254a; --open: #cbb0f5; } a { color: #6cb2f0; } }
body { font: 16px/1.5 "Inter", -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", system-ui,
  sans-serif; color: var(--ink); background: var(--paper); max-width: 1200px; margin: 0 auto; padding: 1.5rem;
  overflow-wrap: break-word; }
h1 { margin: 0; letter-spacing: -.02em; } h3 { margin: 1.8rem 0 .3rem; }
h2 { margin: 2.5rem 0 .5rem; border-bottom: 2px solid var(--hair); }
p.about { color: var(--soft); margin: .2rem 0 .8rem; }
div.scroll { overflow-x: auto; } div.plot { background: #fff; }
table { border-collapse: collapse; font-size: 14px; margin: .5rem 0; }
th, td { border: 1px solid var(--hair); padding: .3rem .6rem; text-align: left; vertical-align: top; }
thead th { background: var(--head); }
td.number { text-align: right; white-space: nowrap; }
ul.answers { list-style: none; padding: 0; display: flex; gap: .4rem 1.5rem; flex-wrap: wrap; }
.verdict { white-space: nowrap; font-weight: 600; }
.reason { background: var(--open-soft); border-left: 4px solid var(--open); padding: .4rem .8rem; }
.information { background: var(--head); border-left: 4px solid var(--soft); padding: .4rem .8rem; }
summary { cursor: pointer; color: var(--soft); }
@media print { nav { display: none; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; } }
""" + "".join(
    f".{verdict} {{ color: {label.tone.colour}; }}\n"
    f"@media (prefers-color-scheme: dark) {{ .{verdict} {{ color: {_ON_DARK[label.tone.style]}; }} }}\n"
    for verdict, label in VERDICTS.items()
)

_NUMBERS: dict[str, Callable[[Finding], float | None]] = {
    "reference": lambda finding: finding.reference,
    "window": lambda finding: finding.current,
    "effect": lambda finding: finding.effect,
    "limit": lambda finding: finding.limit,
    "p-value": lambda finding: finding.p_value,
}


@dataclass(frozen=True)
class Page:
    """The content of a page: `lead` describes the rows.

    Then come the `verdicts` of its `questions` (deepchecks CheckResults of findings), then `outcomes` for information.
    """

    title: str
    lead: str
    questions: Sequence[Question]
    verdicts: Sequence[Any]
    outcomes: Sequence[Outcome]


def render_page(page: Page) -> str:
    """The page as HTML. Its content policy allows the two scripts in it by their hashes, and no request at all."""
    from plotly.offline import get_plotlyjs

    # A browser normalises line ends before it compares a script with its hash.
    plotly = get_plotlyjs().replace("\r\n", "\n").replace("\r", "\n")
    scripts = f"{_hash(plotly)} {_hash(_DRAW)}"
    policy = f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:"
    title = escape(page.title)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n<script>{plotly}</script>\n</head>\n<body>\n"
        f'<nav><a href="report.html">← Report of this run</a></nav>\n'
        f"<h1>{title}</h1>\n<p>{escape(page.lead)}</p>\n{_render_verdicts(page)}\n"
        f"{_render_outcomes(page.outcomes)}\n<script>{_DRAW}</script>\n</body>\n</html>\n"
    )


def _hash(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _render_verdicts(page: Page) -> str:
    findings = [finding for result in page.verdicts for finding in result.value]
    answers = "".join(_render_answer(question, summarise(findings, question)) for question in page.questions)
    tables = "\n".join(_render_verdict(result) for result in page.verdicts)
    return f'<h2>Findings of loanwatch</h2>\n<ul class="answers">{answers}</ul>\n{tables}'


def _render_answer(question: Question, verdict: Verdict) -> str:
    name = name_verdict(question, verdict)
    return f'<li>{question}: <span class="verdict {verdict}">{VERDICTS[verdict].mark} {name}</span></li>'


def _render_verdict(result: Any) -> str:
    """The findings of one check, each with its condition; several that pass are collapsed."""
    pairs = list(zip(result.value, result.conditions_results, strict=True))
    loud = [pair for pair in pairs if pair[0].verdict is not Verdict.PASS]
    quiet = [pair for pair in pairs if pair[0].verdict is Verdict.PASS]
    parts = [f"<h3>{escape(result.get_header())}</h3>", _render_findings(loud)]
    if len(pairs) > 1 and quiet:
        parts.append(f"<details><summary>{len(quiet)} passed</summary>{_render_findings(quiet)}</details>")
    else:
        parts.append(_render_findings(quiet))
    return "\n".join(parts)


def _render_findings(pairs: Sequence[tuple[Finding, Any]]) -> str:
    """A table with one row for each finding; columns without any number are left out."""
    if not pairs:
        return ""
    used = [head for head, read in _NUMBERS.items() if any(read(finding) is not None for finding, _ in pairs)]
    head = "".join(f"<th>{_explain(name)}</th>" for name in ("verdict", "column", "finding", *used))
    rows = "".join(_render_finding(finding, condition, used) for finding, condition in pairs)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _explain(name: str) -> str:
    """A column's name with its meaning as a tooltip, where the glossary has one."""
    term = find_term(name)
    return f'<abbr title="{escape(term.meaning)}">{name}</abbr>' if term else name


def _render_finding(finding: Finding, condition: Any, used: Sequence[str]) -> str:
    verdict = f'<td class="verdict {finding.verdict}">{VERDICTS[finding.verdict].mark} {condition.name}</td>'
    numbers = [_NUMBERS[head](finding) for head in used]
    cells = "".join(f'<td class="number">{"" if number is None else f"{number:.4g}"}</td>' for number in numbers)
    return f"<tr>{verdict}<td>{escape(finding.subject)}</td><td>{escape(condition.details)}</td>{cells}</tr>"


def _render_outcomes(outcomes: Sequence[Outcome]) -> str:
    head = (
        "<h2>Checks of the previous system</h2>\n"
        '<p class="information">For information only: these checks have no influence on the outcome. '
        "“Train” is the reference, “test” is the window.</p>\n"
    )
    return head + "\n".join(_render_outcome(outcome) for outcome in outcomes)


def _render_outcome(outcome: Outcome) -> str:
    head = f'<h3>{escape(outcome.title)}</h3>\n<p class="about">{escape(outcome.summary)}</p>\n'
    if outcome.reason:
        return f'{head}<p class="reason">Did not run: {unguard(escape(outcome.reason))}</p>'
    if not outcome.items:
        return f"{head}<p>Nothing found.</p>"
    return head + "\n".join(unguard(_render_item(item)) for item in outcome.items)


def _render_item(item: Any) -> str:
    """A text, a table or a figure of deepchecks. Its texts are HTML; values from the data in them are guarded."""
    if isinstance(item, str):
        return f"<div>{item}</div>"
    if is_figure(item):
        return _render_figure(item)
    frame = item if isinstance(item, pd.DataFrame) else item.data
    if any(frame.index.names):
        frame = frame.reset_index()
    with pd.option_context("display.max_colwidth", 400):
        table = frame.to_html(border=0, index=False, float_format="{:.4g}".format)
    return f'<div class="scroll">{table}</div>'


def _render_figure(figure: Any) -> str:
    """An empty element for plotly, and the figure as a data block that no tag inside can end."""
    described = json.loads(figure.to_json())
    described["layout"].pop("width", None)
    height = int(described["layout"].get("height") or 450)
    data = json.dumps(described, ensure_ascii=False).replace("<", "\\u003c")
    return f'<div class="plot" style="height:{height}px"></div>\n<script type="application/json">{data}</script>'
