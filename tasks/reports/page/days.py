"""Day by day: applications, the share of the positive label, missing values and the mean score in a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from markupsafe import Markup

from tasks.core.arrays import Floats, Integers, pick_rows
from tasks.core.positive import Positive
from tasks.core.wording import format_share
from tasks.profile.bins import MISSING
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.onset_picture import find_marks
from tasks.reports.page.svg import Scale, bar, dot, draw_text, line, picture, ticks

WIDTH, TOP, BOTTOM, LEFT = 420, 12, 120, 50
FEWEST = 2  # days that a picture is drawn for
_LEAST_PART = 0.3  # of a usual day: with fewer rows a share may lie outside the picture, at its edge


@dataclass(frozen=True)
class Series:
    """A value for each day.

    Parameters
    ----------
    name
        What it is.
    by_day, rows
        One entry a day: NaN without rows, and how many rows count.
    reference
        The reference's level; None where it is not known.
    is_share
        Whether it is shown in percent.
    """

    name: str
    by_day: Floats
    rows: Floats
    reference: float | None
    is_share: bool = True

    def say(self, value: float) -> str:
        """A value in words; a dash where there is none."""
        if np.isnan(value):
            return "–"
        return format_share(value) if self.is_share else f"{value:,.0f}"


@dataclass(frozen=True)
class DaySection:
    """What the template shows: pictures, and a row for each day, whose entries are in the order of `names`."""

    pictures: Sequence[Markup]
    names: Sequence[str]
    levels: Sequence[str]
    rows: Sequence[tuple[date, Sequence[str]]]


def show_days(evidence: Evidence | None, positive: Positive) -> DaySection | None:
    """The section of a window; None where the days of its applications are not known."""
    if evidence is None or evidence.observed.days is None or not len(evidence.observed.days):
        return None
    first, series = measure_days(evidence, positive)
    days = [date.fromordinal(first.toordinal() + place) for place in range(len(series[0].by_day))]
    return DaySection(
        [draw_days(days, one) for one in series] if len(days) >= FEWEST else [],
        [one.name for one in series],
        ["–" if one.reference is None else one.say(one.reference) for one in series],
        [(day, [one.say(float(one.by_day[place])) for one in series]) for place, day in enumerate(days)],
    )


def measure_days(evidence: Evidence, positive: Positive) -> tuple[date, list[Series]]:
    """The first day of a window with applications, and the series from it to the last one.

    A share of labels counts decided applications; the score is the mean probability; the missing share is that of all
    values of the features.
    """
    observed, profile = evidence.observed, evidence.profile
    days = np.asarray(observed.days, "datetime64[D]")
    first = days.min()
    place = (days - first).astype(int)
    total = int(place.max()) + 1
    counts = np.bincount(place, minlength=total).astype(float)
    held = [counts[MISSING] / max(counts.sum(), 1) for counts in profile.counts]
    scores = profile.scores[~np.isnan(profile.scores)]
    labelled = profile.positive / profile.labelled if profile.labelled else None
    series = [Series("applications", counts, counts, _find_usual_rows(evidence), is_share=False)]
    if not np.isnan(observed.labels).all():
        series.append(_average(positive.share, place, observed.labels, total, labelled))
    missing, codes = np.zeros(total), evidence.comparison.codes
    for column in codes.T:
        missing += np.bincount(place[column == MISSING], minlength=total)
    shown = missing / max(codes.shape[1], 1)
    series.append(_divide("missing values", shown, counts, float(np.mean(held)) if held else None))
    if not np.isnan(observed.scores).all():
        level = float(scores.mean()) if len(scores) else None
        series.append(_average("mean score", place, observed.scores, total, level))
    return first.astype(date), series


def _find_usual_rows(evidence: Evidence) -> float | None:
    """The applications of a usual day of the reference."""
    arrivals = evidence.profile.arrivals
    return None if arrivals is None or not sum(arrivals.days) else sum(arrivals.rows) / sum(arrivals.days)


def _average(name: str, place: Integers, values: Floats, total: int, reference: float | None) -> Series:
    known = ~np.isnan(values)
    place = pick_rows(place, known)
    sums = np.bincount(place, weights=pick_rows(values, known), minlength=total)
    return _divide(name, sums.astype(float), np.bincount(place, minlength=total).astype(float), reference)


def _divide(name: str, sums: Floats, rows: Floats, reference: float | None) -> Series:
    means = np.divide(sums, rows, out=np.full(len(rows), np.nan), where=rows > 0)
    return Series(name, means, rows, reference)


def draw_days(days: Sequence[date], series: Series) -> Markup:
    """The series of a window, and the reference's level as a line."""
    x, y = Scale(0, len(days), LEFT, WIDTH - 6), _find_scale(series)
    marks = ticks(y.low, y.high, 4)
    parts = [line([(LEFT, y(mark)), (WIDTH - 6, y(mark))], "grid") for mark in marks]
    parts += [draw_text((LEFT - 5, y(mark) + 4), _say_mark(series, mark), anchor="end") for mark in marks]
    if series.reference is not None:
        parts.append(line([(LEFT, y(series.reference)), (WIDTH - 6, y(series.reference))], "reference-level"))
    parts += _draw_bars(series, x, y) if not series.is_share else _draw_dots(series, x, y)
    parts.append(line([(LEFT, BOTTOM), (WIDTH - 6, BOTTOM)], "axis"))
    for mark, name in find_marks(days[0], days[-1]):
        parts.append(draw_text((x((mark - days[0]).days + 0.5), BOTTOM + 17), name, anchor="middle"))
    known = series.by_day[~np.isnan(series.by_day)]
    level = "" if series.reference is None else f"; the reference has {series.say(series.reference)}"
    told = f"{series.say(float(known.min()))} to {series.say(float(known.max()))}" if len(known) else "no values"
    return picture(WIDTH, BOTTOM + 22, f"{series.name} by day: {told}{level}.", parts)


def _say_mark(series: Series, mark: float) -> str:
    return f"{100 * mark:.3g} %" if series.is_share else f"{mark:,.4g}"


def _find_scale(series: Series) -> Scale:
    if not series.is_share:
        return Scale(0.0, max(float(series.by_day.max()), series.reference or 0.0) * 1.08, BOTTOM, TOP)
    filled = series.rows[series.rows > 0]
    usual = float(np.median(filled)) if len(filled) else 0.0
    values = series.by_day[(series.rows > 0) & (series.rows >= _LEAST_PART * usual)].tolist()
    values += [] if series.reference is None else [series.reference]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = 0.12 * (high - low) or 0.01
    return Scale(max(low - margin, 0.0), min(high + margin, 1.0), BOTTOM, TOP)


def _draw_bars(series: Series, x: Scale, y: Scale) -> list[str]:
    width = max((x.end - x.start) / len(series.by_day) * 0.7, 0.8)
    bars = ((x(place + 0.5) - width / 2, y(float(value))) for place, value in enumerate(series.by_day) if value)
    return [bar(corner, width, BOTTOM - corner[1], "part-bar") for corner in bars]


def _draw_dots(series: Series, x: Scale, y: Scale) -> list[str]:
    """A dot for each day, its area as its rows, joined by a line where days follow each other."""
    most, parts, run = float(series.rows.max()) or 1.0, list[str](), list[tuple[float, float]]()
    for place, value in enumerate([*series.by_day.tolist(), float("nan")]):
        if not np.isnan(value):
            run.append((x(place + 0.5), y(value)))
            continue
        parts += [line(run, "day-line")] if len(run) > 1 else []
        run = []
    for place, value in enumerate(series.by_day.tolist()):
        if not np.isnan(value):
            radius = max(1.2, 3.0 * float(np.sqrt(series.rows[place] / most)))
            parts.append(dot((x(place + 0.5), y(value)), radius, "now-dot"))
    return parts
