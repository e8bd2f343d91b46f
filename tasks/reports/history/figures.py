"""What people look for over the months: applications, approval rate, missing values, score, alarms; as small pictures.

Each window has a place of its own, one beside the other: a window far away stretches nothing, and one without a figure
is a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from tasks.core.findings import Verdict
from tasks.core.wording import format_share
from tasks.reports.history.axis import label_days
from tasks.reports.history.records import PastRun
from tasks.reports.history.words import format_window, shorten_window
from tasks.reports.page.svg import Scale, bar, dot, draw_text, line, picture, shorten, ticks

WIDTH, HEIGHT = 420, 170
TOP, BOTTOM, LEFT, RIGHT = 26, 132, 50, 408


@dataclass(frozen=True)
class Series:
    """One figure over the windows; None where a window has none. `is_count` is drawn as bars from 0."""

    name: str
    labels: Sequence[str]
    says: Sequence[str]
    values: Sequence[float | None]
    write: Callable[[float], str]
    is_count: bool = False


def draw_figures(windows: Sequence[PastRun]) -> list[Markup]:
    """One picture for each figure that any of these windows has, the earliest window on the left."""
    held = [run for run in windows if run.window]
    if not held:
        return []
    figures = [run.figures or {} for run in held]
    positive = next((str(found["positive"]) for found in reversed(figures) if "positive" in found), "")
    labels = [shorten_window(run.window) for run in held if run.window]
    says = [format_window(run.window) for run in held if run.window]

    def take(name: str, title: str, write: Callable[[float], str], *, is_count: bool = False) -> Series:
        return Series(title, labels, says, [found.get(name) for found in figures], write, is_count)

    alarms = [float(count_alarms(run)) if run.findings else None for run in held]
    series = [
        take("applications", "Applications", _write_count, is_count=True),
        take("positive_rate", f"Share of “{positive}”", format_share),
        take("missing", "Missing values", format_share),
        take("mean_score", "Mean score", "{:.3f}".format),
        Series("Alarms", labels, says, alarms, _write_count, is_count=True),
    ]
    return [draw_series(one) for one in series if any(value is not None for value in one.values)]


def count_alarms(run: PastRun) -> int:
    """How many findings of a run are alarms."""
    return sum(finding["verdict"] == Verdict.FAIL for finding in run.findings)


def draw_series(series: Series) -> Markup:
    """The picture of one figure; at least one window has it."""
    known = [value for value in series.values if value is not None]
    low, high = (0.0, max(*known, 1.0) * 1.1) if series.is_count else _spread(known)
    half = (RIGHT - LEFT) / len(series.values) / 2
    x = Scale(0, max(len(series.values) - 1, 1), LEFT + half, RIGHT - half)
    y = Scale(low, high, BOTTOM, TOP)
    parts = [draw_text((2, 13), series.name, "name")]
    for mark in ticks(low, high, 3):
        parts.append(line([(LEFT, y(mark)), (RIGHT, y(mark))], "grid"))
        parts.append(draw_text((LEFT - 5, y(mark) + 4), _write_tick(series, mark), anchor="end"))
    draw = _draw_bars if series.is_count else _draw_line
    parts += draw([(x(place), value) for place, value in enumerate(series.values)], y, half)
    parts += label_days([(x(place), label) for place, label in enumerate(series.labels)], BOTTOM + 20)
    told = "; ".join(
        f"{window}: {'none' if value is None else series.write(value)}"
        for window, value in zip(series.says, series.values, strict=True)
    )
    return picture(WIDTH, HEIGHT, f"{series.name} by window. {told}", parts)


def _spread(values: Sequence[float]) -> tuple[float, float]:
    """From a little below the least value to a little above the largest, so that a change can be seen."""
    room = max((max(values) - min(values)) * 0.25, 0.02 * max(map(abs, values)), 1e-3)
    return max(min(values) - room, 0.0), max(values) + room


def _draw_bars(points: Sequence[tuple[float, float | None]], y: Scale, half: float) -> list[str]:
    width = min(half * 1.4, 18)
    return [
        bar((x - width / 2, y(value)), width, BOTTOM - y(value), "now-bar") for x, value in points if value is not None
    ]


def _draw_line(points: Sequence[tuple[float, float | None]], y: Scale, _: float) -> list[str]:
    parts = []
    for is_known, run in groupby(points, key=lambda point: point[1] is not None):
        if is_known:
            places = [(x, y(value)) for x, value in run if value is not None]
            parts += [line(places, "now-line"), *(dot(place, 3, "now-dot") for place in places)]
    return parts


def _write_tick(series: Series, mark: float) -> str:
    return f"{100 * mark:.3g} %" if series.write is format_share else shorten(mark)


def _write_count(value: float) -> str:
    return f"{value:,.0f}"
