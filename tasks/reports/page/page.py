"""The page: a run's record and its pictures through the template, into one file that requests nothing.

Its only script sorts and filters tables: the page is complete without it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.core.files import write_text
from tasks.core.findings import DRIFT_QUESTIONS, Verdict, rank_gravity
from tasks.core.notices import list_notices, place_of
from tasks.core.policy import MonitorPolicy
from tasks.core.positive import name_check
from tasks.core.wording import OUTCOMES, TONES, VERDICTS, join_list, name_outcome, name_verdict
from tasks.reports.page import wording
from tasks.reports.page.accept import list_accept_commands
from tasks.reports.page.bank import show_bank
from tasks.reports.page.champion import describe_standing, list_worst_segments
from tasks.reports.page.changes import make_cards, weigh
from tasks.reports.page.confusion import show_confusion
from tasks.reports.page.days import show_days
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.glossary import PageGlossary, anchor
from tasks.reports.page.importance import draw_importance, list_importance
from tasks.reports.page.known import list_known
from tasks.reports.page.model_pictures import draw_difference
from tasks.reports.page.swap_set import show_swap_set
from tasks.reports.page.tiles import make_tiles
from tasks.reports.page.wording import Record

if TYPE_CHECKING:  # a comparison of two files makes a page and needs neither Prefect nor a database
    from tasks.reports.links import Links

TEMPLATES = Path(__file__).parent.parent / "templates"
LARGE_CARDS = 6


def write_report(
    path: Path, summary: Record, evidence: Evidence | None, left_out: str = "", links: Links | None = None
) -> None:
    """Write report.html of a run; without evidence (unfit data) the page has no pictures. Raises WriteError.

    `left_out` is the reason why deepchecks pages are missing, `links` lead to what lies beside the page.
    """
    write_text(path, render_report(summary, evidence, left_out, links=links))


def render_report(
    summary: Record, evidence: Evidence | None, left_out: str = "", template: str = "report.html.j2", **given: Any
) -> str:
    """The report of a run as HTML; with another template, which extends its, what that template is given besides."""
    cards, positive = make_cards(summary, evidence), wording.find_positive(summary)
    tiles, quiet_tiles = make_tiles(summary, evidence)
    importance = list_importance(summary)
    return render_page(
        template,
        summary=summary,
        positive=positive,
        QUESTIONS=wording.describe_questions(positive),
        headline=wording.write_headline(summary),
        notices=list_notices(summary),
        quality=[finding for finding in summary["findings"] if finding["question"] == "quality"],
        asked=group_findings(summary),
        cards=cards[:LARGE_CARDS],
        more_cards=cards[LARGE_CARDS:],
        known=list_known(summary),
        accept=list_accept_commands(summary),
        tiles=tiles,
        quiet_tiles=quiet_tiles,
        days=show_days(evidence, positive),
        confusion=show_confusion(summary, evidence),
        importance=importance,
        importance_picture=draw_importance(importance),
        standing=describe_standing(summary, evidence),
        segments=list_worst_segments(summary, evidence),
        difference=_draw_difference(summary),
        bank=show_bank(summary),
        swap=show_swap_set(summary),
        limits=list_limits(summary["policy"]),
        left_out=left_out,
        **{"links": None, **given},
    )


def render_page(template: str, **given: Any) -> str:
    """A template with its values, all of them escaped. The page's policy allows its style and its script, no more."""
    tones = "".join(f"--{tone.style}:{tone.colour};" for tone in TONES)
    style = f":root{{{tones}}}\n{(TEMPLATES / 'page.css').read_text(encoding='utf-8')}"
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    return render_fragment(template, style=style, script=script, policy=policy, glossary=PageGlossary(), **given)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def render_fragment(template: str, **given: Any) -> str:
    """A template that needs nothing but its values, all of them escaped."""
    return _make_environment().get_template(template).render(**given)


@cache
def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": format_day,
        "moment": lambda text: datetime.fromisoformat(text).strftime("%-d %b %Y, %H:%M UTC"),
        "value": wording.format_value,
        "effect": wording.format_effect,
        "number": wording.format_number,
        "check": name_check,
        "kind": wording.name_kind,
        "model": wording.describe_champion,
        "external": wording.find_external,
        "promoted": wording.describe_promoted,
        "listed": join_list,
        "prose": wording.set_names,
        "breakable": wording.let_break,
        "place": place_of,
        "anchor": anchor,
    }
    environment.globals |= {
        "QUESTIONS": wording.describe_questions(),
        "VERDICTS": VERDICTS,
        "OUTCOMES": OUTCOMES,
        "MEASURES": wording.MEASURES,
        "name_verdict": name_verdict,
        "name_outcome": name_outcome,
    }
    return environment


def format_day(day: str | date | None) -> str:
    """A day in the form 1 Aug 2024."""
    return "" if day is None else date.fromisoformat(str(day)).strftime("%-d %b %Y")


def group_findings(summary: Record) -> dict[str, list[Record]]:
    """The findings of the four drift questions, each question's gravest and largest first."""
    groups: dict[str, list[Record]] = {str(name): [] for name in DRIFT_QUESTIONS}
    for finding in summary["findings"]:
        if finding["question"] in groups:
            groups[finding["question"]].append(finding)
    for group in groups.values():
        group.sort(key=lambda finding: (rank_gravity(finding["verdict"]), -weigh(finding)))
    return groups


def list_limits(policy: Mapping[str, Any]) -> dict[str, list[tuple[str, Any, str, bool]]]:
    """Every limit: its name, its value, what it means, and whether it differs from the default."""
    groups = {}
    for name, part in MonitorPolicy.model_fields.items():
        fields: Any = getattr(part.annotation, "model_fields", {})
        groups[name] = [
            (key, policy[name][key], field.description or "", policy[name][key] != field.default)
            for key, field in fields.items()
            if key in policy[name]
        ]
    return groups


def _draw_difference(summary: Record) -> Any:
    record = summary["comparison"]
    if not record or record["interval"] is None:
        return ""
    verdicts = {summary["verdicts"][name] for name in ("concept", "model")}
    is_drifted = bool(verdicts & {Verdict.FAIL, Verdict.KNOWN})
    margin = summary["policy"]["promotion"]["not_worse_margin"] if is_drifted else None
    low, high = record["interval"]
    return draw_difference(record["difference"], (low, high), margin)
