"""The page: a run's record and its pictures through the template, into one file that requests nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.core.excess import weigh_record
from tasks.core.files import write_text
from tasks.core.findings import DRIFT_QUESTIONS, Verdict, rank_gravity
from tasks.core.notices import list_notices
from tasks.core.policy import MonitorPolicy
from tasks.reports.page import wording
from tasks.reports.page.accept import list_accept_commands
from tasks.reports.page.bank import show_bank
from tasks.reports.page.champion import describe_standing, list_worst_segments
from tasks.reports.page.changes import make_cards
from tasks.reports.page.confusion import show_confusion
from tasks.reports.page.days import show_days
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.importance import draw_importance, list_importance
from tasks.reports.page.known import list_known
from tasks.reports.page.model_pictures import draw_difference
from tasks.reports.page.swap_set import show_swap_set
from tasks.reports.page.template import render_page
from tasks.reports.page.tiles import make_tiles
from tasks.reports.page.wording import Record

if TYPE_CHECKING:  # a comparison of two files makes a page and needs neither Prefect nor a database
    from tasks.reports.links import Links

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


def group_findings(summary: Record) -> dict[str, list[Record]]:
    """The findings of the four drift questions, each question's gravest and largest first."""
    groups: dict[str, list[Record]] = {str(name): [] for name in DRIFT_QUESTIONS}
    for finding in summary["findings"]:
        if finding["question"] in groups:
            groups[finding["question"]].append(finding)
    for group in groups.values():
        group.sort(key=lambda finding: (rank_gravity(finding["verdict"]), -weigh_record(finding)))
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
