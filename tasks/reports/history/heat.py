"""The heat map: what was found of every feature, window by window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.reports.history.records import GRAVITY, PastRun, Record
from tasks.reports.page.moved import weigh
from tasks.reports.page.words import format_effect, name_check

TOGETHER = "all columns together"


@dataclass(frozen=True)
class Cell:
    """One feature in one window: the gravest verdict, the largest change in short, and in words."""

    verdict: str
    short: str
    told: str


@dataclass(frozen=True)
class HeatRow:
    """One feature over all windows, None where it was not looked at. `alarms` counts its alarms."""

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
        rows.append(HeatRow(name, cells, sum(cell is not None and cell.verdict == "fail" for cell in cells)))
    return sorted(rows, key=lambda row: -row.alarms)


def _group_by_feature(findings: Iterable[Record]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for finding in findings:
        if finding["question"] == "data":
            for name in [finding["subject"]] if finding["subject"] else _name_columns(finding):
                groups.setdefault(name, []).append(finding)
    return groups


def _name_columns(finding: Record) -> list[str]:
    """Columns that are missing together are each looked at; the joint shape is a row of its own."""
    return list(finding["columns"]) if finding["check"] == "missing" else [TOGETHER]


def _make_cell(findings: Sequence[Record]) -> Cell:
    worst = min(findings, key=lambda finding: (GRAVITY.index(finding["verdict"]), -weigh(finding)))
    effect = worst["effect"]
    if effect is None:
        return Cell(worst["verdict"], "?", worst["sentence"])
    short = f"{effect:.2f}" if worst["unit"] == "AUC" else f"{100 * effect:.0f}"
    return Cell(worst["verdict"], short, f"{name_check(worst['check'])}: {format_effect(effect, worst['unit'])}")
