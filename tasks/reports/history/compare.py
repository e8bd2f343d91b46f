"""Two runs side by side: verdicts, findings, limits, model and figures, what differs marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from blocks.errors import UsageError
from tasks.core.files import write_text
from tasks.core.findings import rank_gravity
from tasks.core.positive import UNNAMED, Positive, name_check
from tasks.core.wording import VERDICTS, format_share, name_question, name_verdict
from tasks.reports.history.records import PastRun, Record, read_runs
from tasks.reports.history.words import format_window
from tasks.reports.page.template import render_page
from tasks.reports.page.wording import format_effect

NONE = "–"


class ComparisonError(UsageError):
    """The two runs cannot be shown side by side."""


@dataclass(frozen=True)
class Line:
    """One thing of both runs, as texts, and whether the two differ in it."""

    name: str
    first: str
    second: str
    differs: bool


@dataclass(frozen=True)
class SideBySide:
    """Two runs: what they are and came to, and each of their findings."""

    runs: tuple[PastRun, PastRun]
    summary: Sequence[Line]
    findings: Sequence[Line]


def write_comparison(connection: Connection, results: Path, names: tuple[str, str]) -> Path:
    """Write `compare-A-B.html` into the results folder.

    Raises ComparisonError where a run is not known, or both are the same or of two contracts; WriteError.
    """
    first, second = find_runs(connection, names)
    path = results / f"compare-{first.job_id}-{second.job_id}.html"
    reports = {run.job_id for run in (first, second) if (results / run.job_id / "report.html").is_file()}
    page = render_page(
        "compare.html.j2", compared=compare_runs(first, second), reports=reports, format_window=format_window
    )
    write_text(path, page)
    return path


def find_runs(connection: Connection, names: tuple[str, str]) -> tuple[PastRun, PastRun]:
    """The two runs of these names, in their order. Raises ComparisonError."""
    found = {run.job_id: run for run in read_runs(connection, names)}
    missing = [name for name in names if name not in found]
    if missing:
        raise ComparisonError(f"There is no run {missing[0]}. The history page and the results folder name all runs.")
    first, second = found[names[0]], found[names[1]]
    if first is second or first.contract != second.contract:
        raise ComparisonError("Name two different runs of one contract.")
    return first, second


def compare_runs(first: PastRun, second: PastRun) -> SideBySide:
    """What two runs say, side by side; findings that differ come first, the gravest first."""
    runs = (first, second)
    summaries = [_summarise(run) for run in runs]
    names = list(dict.fromkeys(name for summary in summaries for name in summary))
    return SideBySide(
        runs,
        [_pair(name, summaries[0].get(name, NONE), summaries[1].get(name, NONE)) for name in names],
        _compare_findings(first, second),
    )


def _pair(name: str, first: str, second: str) -> Line:
    return Line(name, first, second, first != second)


def _summarise(run: PastRun) -> dict[str, str]:
    """What a run is and came to, by name."""
    bank = run.bank or {}
    numbers = {"PSI of the score": bank["psi"]["value"], **_name_ranking(bank["window"])} if bank else {}
    return {
        "window": format_window(run.window) if run.window else "unknown",
        "outcome": run.outcome_name,
        "limits": ", ".join(run.limits) or ("the defaults" if run.changed_limits is not None else "not recorded"),
        "model": f"version {run.champion}" if run.champion else NONE,
        **{name_question(name): name_verdict(name, verdict) for name, verdict in run.verdicts.items()},
        **_write_figures(run.figures or {}),
        **{name: f"{value:.3f}" for name, value in numbers.items()},
    }


def _name_ranking(window: Record | None) -> dict[str, float]:
    return {"KS": window["ks"], "Gini": window["gini"]} if window else {}


def _write_figures(figures: Record) -> dict[str, str]:
    if not figures:
        return {}

    def write(name: str) -> str:
        return NONE if figures[name] is None else format_share(figures[name])

    score = figures["mean_score"]
    return {
        "applications": f"{figures['applications']:,}",
        "with a decision": f"{figures['labelled']:,}",
        f"share of “{figures['positive']}”": write("positive_rate"),
        "missing values": write("missing"),
        "mean score": NONE if score is None else f"{score:.3f}",
    }


def _compare_findings(first: PastRun, second: PastRun) -> list[Line]:
    """A line for each check that either run made; two findings differ in verdict or limit, not in a number alone."""
    positive = Positive(str(next((run.figures["positive"] for run in (first, second) if run.figures), "")))
    found = [{_find_key(f): f for f in run.findings} for run in (first, second)]
    lines = []
    for key in dict.fromkeys(key for findings in found for key in findings):
        pair = [findings.get(key) for findings in found]
        differs = len({(f["verdict"], f["limit"]) if f else None for f in pair}) > 1
        name = _name_finding(next(f for f in pair if f), positive)
        line = Line(name, _write_finding(pair[0]), _write_finding(pair[1]), differs)
        lines.append((not differs, min(rank_gravity(f["verdict"]) for f in pair if f), line))
    return [line for *_, line in sorted(lines, key=lambda entry: entry[:2])]


def _find_key(finding: Record) -> tuple[str, str, str]:
    about = finding["subject"] or (", ".join(finding["columns"]) if finding["check"] == "missing" else "")
    return finding["question"], finding["check"], about


def _name_finding(finding: Record, positive: Positive = UNNAMED) -> str:
    question, check, about = _find_key(finding)
    return f"{name_question(question)}: {name_check(check, positive)}" + (f" of {about}" if about else "")


def _write_finding(finding: Record | None) -> str:
    """A finding's verdict, number and limit."""
    if finding is None:
        return NONE
    label = VERDICTS[finding["verdict"]]
    if finding["effect"] is None:
        return f"{label.mark} {label.name}"
    limit = "" if finding["limit"] is None else f" (limit {format_effect(finding['limit'], finding['unit'])})"
    return f"{label.mark} {label.name}: {format_effect(finding['effect'], finding['unit'])}{limit}"
