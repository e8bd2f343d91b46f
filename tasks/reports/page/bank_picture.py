"""The picture of where a change comes from: the change, its part of the applicants and that of the rule."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from tasks.core.positive import Positive
from tasks.core.wording import shorten
from tasks.reports.page.svg import Scale, bar, draw_text, line, picture, ticks
from tasks.reports.page.wording import Record

WIDTH, LEFT, ROW, HEAD = 700, 250, 26, 34
REACH = 1.96  # 95 % of a normal distribution
PARTS = {"total": "change", "mix": "of it: applicants", "rule": "of it: rule"}


def draw_attribution(attribution: Record, positive: Positive) -> Markup:
    """Bars for the positive rate and for the AUC, each with its 95 % interval.

    Parameters
    ----------
    attribution
        As in summary.json.
    positive
        The contract's word.
    """
    panels = (
        (f"{shorten(positive.share, 44)}, in points", attribution["rate"], 100.0),
        ("AUC", attribution["auc"], 1.0),
    )
    parts: list[str] = []
    top, told = 0, []
    for name, change, factor in panels:
        parts += _draw_panel(top, name, change, factor)
        told += [f"{name}, {PARTS[key]}: {factor * change[key]['value']:+.3g}" for key in PARTS]
        top += HEAD + ROW * len(PARTS) + 34
    return picture(WIDTH, top, f"Where the changes come from. {'; '.join(told)}.", parts)


def _draw_panel(top: int, name: str, change: Record, factor: float) -> list[str]:
    spans = [(factor * change[key]["value"], REACH * factor * change[key]["error"]) for key in PARTS]
    low = min(0.0, *(value - reach for value, reach in spans))
    high = max(0.0, *(value + reach for value, reach in spans))
    x = Scale(low, high if high > low else low + 1.0, LEFT, WIDTH - 60)
    bottom = top + HEAD + ROW * len(PARTS)
    marks = ticks(x.low, x.high, 6)
    parts = [draw_text((2, top + 16), name, "name")]
    parts += [line([(x(mark), top + HEAD - 8), (x(mark), bottom)], "grid") for mark in marks]
    parts += [draw_text((x(mark), bottom + 16), f"{mark:+.3g}" if mark else "0", anchor="middle") for mark in marks]
    for place, (label, span) in enumerate(zip(PARTS.values(), spans, strict=True)):
        parts += _draw_bar(top + HEAD + ROW * place, label, span, x)
    return [*parts, line([(x(0.0), top + HEAD - 8), (x(0.0), bottom)], "axis")]


def _draw_bar(top: int, label: str, span: tuple[float, float], x: Callable[[float], float]) -> list[str]:
    value, reach = span
    start, end = sorted((x(0.0), x(value)))
    middle = top + ROW / 2 - 3
    is_total = label == PARTS["total"]
    return [
        draw_text((2 if is_total else 18, middle + 4), label),
        bar((start, top), end - start, ROW - 8, "before-bar" if is_total else "now-bar"),
        line([(x(value - reach), middle), (x(value + reach), middle)], "reach"),
        draw_text((x(value + reach) + 6, middle + 4), f"{value:+.3g}", "now-value" if not is_total else "before-value"),
    ]
