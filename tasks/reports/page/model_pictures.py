"""Pictures of the model: ROC curve, calibration, AUCs with their intervals, decisions by the values of a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from tasks.core.arrays import Integers
from tasks.evaluation.calibration import measure_reliability
from tasks.profile.bins import LEAST_GROUP_ROWS, MISSING, Bins
from tasks.reports.page.evidence import Evidence
from tasks.reports.page.svg import Scale, dot, draw_text, line, picture, shorten, ticks
from tasks.statistics.counted_labels import CountedLabels, follow_scores

SIDE = 320
CORNERS = 100
FEWEST = 20  # rows of a group that a point is drawn for
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Area:
    """One AUC with the ends of its interval, and the number of applications behind it."""

    name: str
    value: float
    low: float
    high: float
    style: str
    rows: int | None = None


def draw_roc(evidence: Evidence) -> Markup:
    """The ROC curves of the reference and of the window."""
    x, y = Scale(0, 1, 36, SIDE - 8), Scale(0, 1, SIDE - 34, 8)
    parts = [*_draw_frame(x, y, "false positive rate", "true positive rate")]
    parts.append(line([(x(0), y(0)), (x(1), y(1))], "chance"))
    for judged, style in zip(evidence.judged, ("before-line", "now-line"), strict=True):
        if judged.has_both_labels:
            parts.append(line([(x(a), y(b)) for a, b in _trace_roc(judged.counted)], style))
    description = "ROC curves of the model on the reference and on the window; the diagonal is random ranking."
    return picture(SIDE, SIDE, description, parts)


def _trace_roc(counted: CountedLabels) -> list[tuple[float, float]]:
    """At most `CORNERS` points of the curve, at equal distances along its two sides."""
    n, m = counted.positive.sum(), counted.negative.sum()
    steps = np.linspace(0, 2, CORNERS)
    found, wrong = follow_scores(counted, lambda given, refused: refused / m + given / n, steps, from_highest=True)
    return list(zip(wrong.tolist(), found.tolist(), strict=True))


def draw_calibration(evidence: Evidence) -> Markup:
    """The reliability curves of the reference and of the window; small bands are left out."""
    x, y = Scale(0, 1, 36, SIDE - 8), Scale(0, 1, SIDE - 34, 8)
    parts = [*_draw_frame(x, y, "predicted probability", "observed share of positives")]
    parts.append(line([(x(0), y(0)), (x(1), y(1))], "chance"))
    for judged, style in zip(evidence.judged, ("before", "now"), strict=True):
        bands = measure_reliability(judged.labels, judged.scores, CONFIDENCE)
        points = [(x(band.predicted), y(band.observed)) for band in bands if band.rows >= FEWEST]
        if points:
            parts.append(line(points, f"{style}-line"))
            parts += [dot(point, 3.2, f"{style}-dot") for point in points]
    description = "Observed share of positives by predicted probability; on the diagonal both are equal."
    return picture(SIDE, SIDE, description, parts)


def _draw_frame(x: Scale, y: Scale, below: str, left: str) -> list[str]:
    parts = []
    for mark in (0, 0.25, 0.5, 0.75, 1):
        parts.append(line([(x(mark), y(0)), (x(mark), y(1))], "grid"))
        parts.append(line([(x(0), y(mark)), (x(1), y(mark))], "grid"))
    for mark in (0, 0.5, 1):
        parts.append(draw_text((x(mark), y(0) + 15), f"{100 * mark:.0f} %", anchor="middle" if mark < 1 else "end"))
        parts.append(draw_text((x(0) - 4, y(mark) + (4 if mark < 1 else 9)), f"{100 * mark:.0f}", anchor="end"))
    parts.append(draw_text(((x(0) + x(1)) / 2, y(0) + 30), f"{below} →", "axis-name", "middle"))
    parts.append(draw_text((x(0) + 6, y(1) + 12), f"↑ {left}", "axis-name"))
    return parts


def draw_areas(areas: Sequence[Area]) -> Markup:
    """AUCs with their intervals, one below the other on one axis."""
    width, top, step = 640, 6, 34
    low = min(area.low for area in areas) - 0.01
    high = min(max(area.high for area in areas) + 0.01, 1.0)
    x, bottom = Scale(low, high, 250, width - 70), top + step * len(areas)
    parts = [line([(x(mark), top), (x(mark), bottom)], "grid") for mark in ticks(low, high)]
    parts += [draw_text((x(mark), bottom + 16), f"{mark:.3g}", anchor="middle") for mark in ticks(low, high)]
    for place, area in enumerate(areas):
        middle = top + step * (place + 0.5)
        parts += [
            draw_text((242, middle + 4), area.name, "name", "end"),
            line([(x(area.low), middle), (x(area.high), middle)], f"{area.style}-reach"),
            dot((x(area.value), middle), 5.5, f"{area.style}-dot"),
            draw_text((width - 60, middle + 4), f"{area.value:.3f}", "name"),
        ]
    description = "; ".join(f"{area.name}: AUC {area.value:.3f}, {area.low:.3f} to {area.high:.3f}" for area in areas)
    return picture(width, bottom + 24, description, parts)


def draw_difference(difference: float, interval: tuple[float, float], margin: float | None) -> Markup:
    """The challenger's AUC less the champion's, with its interval."""
    width, middle = 640, 46
    reach = max(abs(interval[0]), abs(interval[1]), margin or 0.0) * 1.25 or 0.01
    x = Scale(-reach, reach, 12, width - 12)
    parts = [line([(x(mark), 24), (x(mark), 68)], "grid") for mark in ticks(-reach, reach)]
    parts += [
        draw_text((x(mark), 84), f"{mark:+.3g}" if mark else "equal", anchor="middle") for mark in ticks(-reach, reach)
    ]
    parts.append(line([(x(0), 20), (x(0), 68)], "axis"))
    if margin:
        parts.append(line([(x(-margin), 20), (x(-margin), 68)], "margin"))
        parts.append(draw_text((x(-margin), 14), "non-inferiority margin", anchor="middle"))
    parts.append(draw_text((x(reach), 14), "challenger better →", anchor="end"))
    parts.append(line([(x(interval[0]), middle), (x(interval[1]), middle)], "now-reach"))
    parts.append(dot((x(difference), middle), 6.5, "now-dot"))
    description = f"AUC difference {difference:+.4f}, interval {interval[0]:+.4f} to {interval[1]:+.4f}"
    return picture(width, 92, description, parts)


def draw_decisions(evidence: Evidence, column: str) -> Markup:
    """The share of the positive decision by the values of a column, in the reference and in the window."""
    rows = measure_by_value(evidence, column)
    if not rows:
        return Markup("")
    width, height = 420, 34 + 26 * len(rows)
    x = Scale(0, 1, 160, width - 20)
    parts = [line([(x(mark), 4), (x(mark), height - 28)], "grid") for mark in (0, 0.25, 0.5, 0.75, 1)]
    parts += [draw_text((x(mark), height - 12), f"{100 * mark:.0f} %", anchor="middle") for mark in (0, 0.5, 1)]
    for place, (name, before, now) in enumerate(rows):
        middle = 18 + 26 * place
        parts += [
            draw_text((152, middle + 4), name if len(name) <= 22 else f"{name[:21]}…", anchor="end"),
            line([(x(before), middle), (x(now), middle)], "change"),
            dot((x(before), middle), 4.5, "before-dot"),
            dot((x(now), middle), 5.5, "now-dot"),
        ]
    description = "; ".join(
        f"{name}: {100 * before:.0f} % positive before, {100 * now:.0f} % now" for name, before, now in rows
    )
    return picture(width, height, f"Decisions by {column}: {description}", parts)


def measure_by_value(evidence: Evidence, column: str) -> list[tuple[str, float, float]]:
    """The share of the positive decision in both windows, by the groups of values that the concept check compares."""
    profile = evidence.profile
    place = next(place for place, bins in enumerate(profile.columns) if bins.name == column)
    bins = profile.columns[place]
    windows = (
        (profile.codes[:, place], profile.labels),
        (evidence.comparison.codes[:, place], evidence.observed.labels),
    )
    decided = [(codes[~np.isnan(labels)], labels[~np.isnan(labels)]) for codes, labels in windows]
    group = bins.group_codes(np.bincount(decided[0][0], minlength=bins.levels + 1))
    rows = []
    for number in range(int(group.max()) + 1):
        held = [labels[group[codes] == number] for codes, labels in decided]
        if all(len(part) >= LEAST_GROUP_ROWS for part in held):
            name = name_group(bins, np.flatnonzero(group == number))
            rows.append((name, float(held[0].mean()), float(held[1].mean())))
    return rows


def name_group(bins: Bins, codes: Integers) -> str:
    """A name for some codes of a column that are a group: "from 1,200", "car", "(other categories)", "(missing)"."""
    first, last = int(codes[0]), int(codes[-1])
    if first == MISSING:
        return "(missing)"
    if not bins.is_number:
        names = bins.categories[first - 1 : last]
        if not names:
            return bins.rest_name
        if len(names) == 1:
            return names[0]
        return f"{names[0]} to {names[-1]}" if bins.is_ordered else "(other categories)"
    if first > bins.intervals:
        return list(bins.special.values())[first - bins.intervals - 1]
    low = shorten(float(bins.edges[max(first - 2, 0)]))
    return f"{low} or more" if last >= bins.intervals - 1 else f"from {low}"
