"""The picture of importance: what each column contributes to the champion's AUC, before and now."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tasks.core.wording import shorten
from tasks.reports.page.svg import Scale, bar, draw_text, line, picture, ticks
from tasks.reports.page.wording import Record

WIDTH, LEFT, ROW, TOP = 640, 250, 26, 6
MOST = 15


def list_importance(summary: Record) -> list[Record]:
    """The columns of a run that compared two models, the most important first; empty where none was measured."""
    measured = (summary.get("comparison") or {}).get("importance") or []
    return sorted(measured, key=lambda column: -max(column["reference"], column["current"]))


def draw_importance(columns: Sequence[Record]) -> Markup:
    """The AUC that is lost if a column is shuffled, a pair of bars for each of the first columns."""
    shown = columns[:MOST]
    if not shown:
        return Markup("")
    most = max(max(column["reference"], column["current"]) for column in shown)
    x, bottom = Scale(0.0, max(most, 0.001), LEFT, WIDTH - 100), TOP + ROW * len(shown)
    parts = [line([(x(mark), TOP), (x(mark), bottom)], "grid") for mark in ticks(0.0, x.high)]
    parts += [draw_text((x(mark), bottom + 16), f"{mark:.3g}", anchor="middle") for mark in ticks(0.0, x.high)]
    for place, column in enumerate(shown):
        top, (before, now) = TOP + ROW * place, (column["reference"], column["current"])
        parts += [
            draw_text((LEFT - 8, top + 15), shorten(column["column"], 32), anchor="end"),
            bar((LEFT, top + 2), x(before) - LEFT, 9, "before-bar"),
            bar((LEFT, top + 12), x(now) - LEFT, 9, "now-bar"),
            draw_text((WIDTH - 92, top + 15), f"{before:z.3f} → {now:z.3f}"),
        ]
    told = "; ".join(f"{c['column']}: {c['reference']:.3f} in the reference, {c['current']:.3f} now" for c in shown)
    return picture(WIDTH, bottom + 22, f"AUC that is lost without a column. {told}", parts)
