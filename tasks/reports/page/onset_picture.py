"""The picture of an onset: the value of each day, the reference's level, and since when it is another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
from markupsafe import Markup

from tasks.core.onset import DayValue, Onset
from tasks.core.wording import AUC, shorten
from tasks.reports.page.svg import Scale, bar, dot, draw_text, line, picture, ticks

WIDTH, TOP, BOTTOM, LEFT = 420, 26, 150, 46
LONGEST_NAME = 62
# A day with fewer applications than this part of a usual day may lie outside the picture: it stands at its edge.
LEAST_PART = 0.3
_MOST_MARKS = 6
_MARGIN = 0.12


def draw_onset(onset: Onset, unit: str) -> Markup:
    """The days of a window, with the onset and its interval shaded where there is one.

    Parameters
    ----------
    onset : Onset
        Of a finding.
    unit : str
        The finding's: values are an AUC, shares, or changes in points.
    """
    days = onset.by_day
    first, last = days[0].day.toordinal(), days[-1].day.toordinal() + 1
    x, y = Scale(first, last, LEFT, WIDTH - 8), _find_scale(onset)
    say = _choose_format(unit)
    parts = [
        *_shade(onset, x),
        *(line([(LEFT, y(mark)), (WIDTH - 8, y(mark))], "grid") for mark in ticks(y.low, y.high, 4)),
        *(draw_text((LEFT - 5, y(mark) + 4), say(mark), anchor="end") for mark in ticks(y.low, y.high, 4)),
        line([(LEFT, y(onset.reference)), (WIDTH - 8, y(onset.reference))], "reference-level"),
        *_draw_level(onset, x, y),
        *(dot((x(one.day.toordinal() + 0.5), y(one.value)), _size(one, days), "now-dot") for one in days),
        *(
            draw_text((x(mark.toordinal() + 0.5), BOTTOM + 18), name, anchor="middle")
            for mark, name in find_marks(days[0].day, days[-1].day)
        ),
        line([(LEFT, BOTTOM), (WIDTH - 8, BOTTOM)], "axis"),
        draw_text((2, 13), f"{shorten(onset.measured, LONGEST_NAME)}, by day", "axis-name"),
    ]
    if onset.latest is not None:
        parts.append(draw_text((LEFT, BOTTOM + 36), "shaded: the first changed day (95 % interval)", "axis-name"))
    before = f"The reference has {say(onset.reference)}."
    return picture(WIDTH, BOTTOM + 42, f"{onset.measured}, by day. {before} {onset.sentence}", parts)


def _find_scale(onset: Onset) -> Scale:
    usual = float(np.median([one.rows for one in onset.by_day]))
    values = [one.value for one in onset.by_day if one.rows >= LEAST_PART * usual]
    values += [onset.reference] if onset.level is None else [onset.reference, onset.level]
    margin = _MARGIN * (max(values) - min(values)) or 0.01
    return Scale(min(values) - margin, max(values) + margin, BOTTOM, TOP)


def _shade(onset: Onset, x: Scale) -> list[str]:
    """The interval of the first changed day; from the window's start where it may have begun before."""
    if onset.latest is None:
        return []
    start = x(onset.by_day[0].day.toordinal() if onset.earliest is None else onset.earliest.toordinal())
    return [bar((start, TOP), x(onset.latest.toordinal() + 1) - start, BOTTOM - TOP, "onset-reach")]


def _draw_level(onset: Onset, x: Scale, y: Scale) -> list[str]:
    """The level since the change, and the estimated day."""
    if onset.day is None or onset.level is None:
        return []
    start, level = x(onset.day.toordinal()), y(onset.level)
    lines = [line([(start, level), (WIDTH - 8, level)], "now-line")]
    return lines if onset.earliest is None else [line([(start, TOP), (start, BOTTOM)], "now-median"), *lines]


def _size(one: DayValue, days: Sequence[DayValue]) -> float:
    """The radius of a day's dot: its area is as its applications."""
    return max(1.2, 3.2 * float(np.sqrt(one.rows / max(other.rows for other in days))))


def _name_days(days: Sequence[DayValue], x: Scale) -> list[str]:
    marks = find_marks(days[0].day, days[-1].day)
    return [draw_text((x(mark.toordinal() + 0.5), BOTTOM + 18), name, anchor="middle") for mark, name in marks]


def find_marks(start: date, end: date) -> list[tuple[date, str]]:
    """Days at equal distances, whole weeks in a window of weeks, with their names."""
    first, last = start.toordinal(), end.toordinal()
    step = max(1, -(-(last - first + 1) // _MOST_MARKS))
    step = -(-step // 7) * 7 if step > 3 else step
    marks = [date.fromordinal(place) for place in range(first, last + 1, step)]
    return [(mark, f"{mark.day} {mark:%b}") for mark in marks]


def _choose_format(unit: str) -> Callable[[float], str]:
    if unit == AUC:
        return lambda value: f"{value:.3g}"
    if unit.startswith("share"):
        return lambda value: f"{100 * value:.3g} %"
    return lambda value: f"{100 * value:+.3g}" if round(value, 9) else "0"
