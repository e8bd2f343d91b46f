"""The champion's performance over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from markupsafe import Markup

from tasks.reports.history.axis import label_days
from tasks.reports.history.records import History, Record, list_estimates
from tasks.reports.page.svg import Point, Scale, dot, draw_text, line, picture, ticks

WIDTH, HEIGHT = 1000, 300
TOP, BOTTOM = 40, 262


def draw_performance(history: History) -> Markup:
    """AUC by window with the AUC on the reference and the promotions; empty without any.

    An estimate stays where it was made first, and the AUC that the decisions then showed stands beside it.
    """
    seen = [(_find_middle(run.window), run.find("auc")) for run in history.windows if run.window]
    decided = [(day, auc) for day, auc in seen if auc and auc["current"] is not None]
    expected = [(_find_middle((first, last)), auc) for first, last, auc in list_estimates(history)]
    if not decided and not expected:
        return Markup("")
    # A window without a number is no reason to stretch the axis.
    x = _make_days(days := sorted({day for day, _ in decided + expected}))
    values = [auc[name] for _, auc in decided + expected for name in ("reference", "current")]
    low, high = max(min(values) - 0.03, 0.0), min(max(values) + 0.03, 1.0)
    y = Scale(low, high, BOTTOM, TOP)
    parts = [line([(40, y(mark)), (WIDTH - 10, y(mark))], "grid") for mark in ticks(low, high)]
    parts += [draw_text((34, y(mark) + 4), f"{mark:.3g}", anchor="end") for mark in ticks(low, high)]
    parts += _mark_promotions(history.promotions, x)
    parts += _draw_reference([(x(day.toordinal()), y(auc["reference"])) for day, auc in decided])
    points: list[Point] = [(x(day.toordinal()), y(auc["current"])) for day, auc in decided]
    parts += [line(points, "now-line"), *(dot(point, 4.5, "now-dot") for point in points)]
    parts += [dot((x(day.toordinal()), y(auc["current"])), 4, "guess-dot") for day, auc in expected]
    parts += label_days([(x(day.toordinal()), f"{day:%b %Y}") for day in days], 286)
    description = "; ".join(f"{day:%B %Y}: AUC {auc['current']:.3f}" for day, auc in decided)
    return picture(WIDTH, HEIGHT, f"The champion's AUC by window. {description}", parts)


def _draw_reference(points: list[Point]) -> list[str]:
    """The AUC on each champion's reference as a line; of a single window as a short one."""
    lines = []
    for y, held in groupby(points, key=lambda point: point[1]):
        places = [x for x, _ in held]
        if len(places) == 1:
            places = [places[0] - 30, places[0] + 30]
        lines.append(line([(x, y) for x in places], "before-line"))
    return lines


def _find_middle(window: tuple[date, date]) -> date:
    return window[0] + (window[1] - window[0]) / 2


def _make_days(days: Sequence[date]) -> Scale:
    first, last = min(days).toordinal(), max(days).toordinal()
    return Scale(first - 20, last + 20, 70, WIDTH - 30)


def _mark_promotions(promotions: Sequence[Record], x: Scale) -> list[str]:
    parts = []
    for row in promotions:
        day = row["effective_from"].toordinal()
        if x.low <= day <= x.high:
            parts.append(line([(x(day), TOP - 18), (x(day), BOTTOM)], "margin"))
            name = f"version {row['to_version']}" if row["to_version"] else "retired"
            parts.append(draw_text((x(day) + 4, TOP - 10), name))
    return parts
