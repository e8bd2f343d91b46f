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
    """The columns with their importance in the reference and in the window, the most important first.

    Where no challenger was compared, only that of the champion's test days is known: `current` is None. Empty where
    none was measured.
    """
    measured = (summary.get("comparison") or {}).get("importance") or []
    if not measured:
        trained = ((summary.get("champion") or {}).get("metrics") or {}).get("importance") or []
        measured = [{"column": one["column"], "reference": one["loss"], "current": None} for one in trained]
    return sorted(measured, key=lambda column: -_find_largest(column))


def _find_largest(column: Record) -> float:
    return max(float(column["reference"]), float(column["current"] or 0.0))


def draw_importance(columns: Sequence[Record]) -> Markup:
    """The AUC that is lost if a column is shuffled: a bar for each window, for each of the first columns."""
    shown = columns[:MOST]
    if not shown:
        return Markup("")
    most = max(map(_find_largest, shown))
    x, bottom = Scale(0.0, max(most, 0.001), LEFT, WIDTH - 100), TOP + ROW * len(shown)
    parts = [line([(x(mark), TOP), (x(mark), bottom)], "grid") for mark in ticks(0.0, x.high)]
    parts += [draw_text((x(mark), bottom + 16), f"{mark:.3g}", anchor="middle") for mark in ticks(0.0, x.high)]
    for place, column in enumerate(shown):
        top, before, now = TOP + ROW * place, column["reference"], column["current"]
        parts += [
            draw_text((LEFT - 8, top + 15), shorten(column["column"], 32), anchor="end"),
            bar((LEFT, top + 2), x(before) - LEFT, 9, "before-bar"),
            *([] if now is None else [bar((LEFT, top + 12), x(now) - LEFT, 9, "now-bar")]),
            draw_text((WIDTH - 92, top + 15), _say(column)),
        ]
    told = "; ".join(f"{column['column']}: {_say(column)}" for column in shown)
    return picture(WIDTH, bottom + 22, f"AUC that is lost without a column. {told}", parts)


def _say(column: Record) -> str:
    before, now = column["reference"], column["current"]
    return f"{before:z.3f}" if now is None else f"{before:z.3f} → {now:z.3f}"
