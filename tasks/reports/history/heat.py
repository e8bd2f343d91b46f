"""The heat map: the data drift of every feature, window by window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.core.excess import weigh_record
from tasks.core.findings import Question, Verdict, rank_gravity
from tasks.core.positive import name_check
from tasks.core.wording import AUC
from tasks.reports.history.records import PastRun, Record
from tasks.reports.page.wording import format_effect

TOGETHER = "joint distribution"


@dataclass(frozen=True)
class Cell:
    """One feature in one window: the gravest verdict, and the largest change as a number and as a sentence."""

    verdict: Verdict
    short: str
    description: str


@dataclass(frozen=True)
class HeatRow:
    """One feature over all windows, None where it was not tested. `alarms` counts its alarms."""

    name: str
    cells: Sequence[Cell | None]
    alarms: int


def map_heat(runs: Sequence[PastRun]) -> list[HeatRow]:
    """A row for each feature of the data question, those with most alarms first."""
    by_run = [_group_by_feature(run.findings) for run in runs]
    names = list(dict.fromkeys(name for groups in by_run for name in groups))
    rows = []
    for name in names:
        cells = [_make_cell(groups[name]) if name in groups else None for groups in by_run]
        rows.append(HeatRow(name, cells, sum(cell is not None and cell.verdict is Verdict.FAIL for cell in cells)))
    return sorted(rows, key=lambda row: -row.alarms)


def _group_by_feature(findings: Iterable[Record]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for finding in findings:
        if finding["question"] == Question.DATA:
            for name in [finding["subject"]] if finding["subject"] else _name_columns(finding):
                groups.setdefault(name, []).append(finding)
    return groups


def _name_columns(finding: Record) -> list[str]:
    """Columns that are missing together have a row each; the joint distribution has its own row."""
    return list(finding["columns"]) if finding["check"] == "missing" else [TOGETHER]


def _make_cell(findings: Sequence[Record]) -> Cell:
    worst = min(findings, key=lambda finding: (rank_gravity(finding["verdict"]), -weigh_record(finding)))
    verdict, effect = Verdict(worst["verdict"]), worst["effect"]
    if effect is None:
        return Cell(verdict, "", worst["sentence"])
    short = f"{effect:.2f}" if worst["unit"] == AUC else f"{100 * effect:.0f}"
    return Cell(verdict, short, f"{name_check(worst['check'])}: {format_effect(effect, worst['unit'])}")
