"""The picture of where a change comes from: the change, its part of the applicants and that of the rule."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from tasks.core.positive import Positive
from tasks.core.wording import shorten
from tasks.reports.page.svg import Scale, bar, draw_text, line, picture, ticks
from tasks.reports.page.wording import Record

WIDTH, LEFT, ROW, HEAD = 700, 250, 26, 34
REACH = 1.96  # 95 % of a normal distribution
PARTS = {"total": "change", "mix": "of it: applicants", "rule": "of it: rule"}


@dataclass(frozen=True)
class Panel:
    """One figure: its name, the factor to its unit, and the decimals shown."""

    name: str
    factor: float
    decimals: int

    def say(self, value: float) -> str:
        """A change with its sign."""
        return f"{self.factor * value:+.{self.decimals}f}".replace("-", "−")


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
        (Panel(f"{shorten(positive.share, 44)}, in points", 100.0, 1), attribution["rate"]),
        (Panel("AUC", 1.0, 3), attribution["auc"]),
    )
    parts: list[str] = []
    top, told = 0, []
    for panel, change in panels:
        parts += _draw_panel(top, panel, change)
        told += [f"{panel.name}, {PARTS[key]}: {panel.say(change[key]['value'])}" for key in PARTS]
        top += HEAD + ROW * len(PARTS) + 34
    return picture(WIDTH, top, f"Where the changes come from. {'; '.join(told)}.", parts)


def _draw_panel(top: int, panel: Panel, change: Record) -> list[str]:
    spans = [(change[key]["value"], REACH * change[key]["error"]) for key in PARTS]
    low = min(0.0, *(value - reach for value, reach in spans))
    high = max(0.0, *(value + reach for value, reach in spans))
    x = Scale(low, high if high > low else low + 1.0, LEFT, WIDTH - 70)
    bottom = top + HEAD + ROW * len(PARTS)
    marks = [mark / panel.factor for mark in ticks(panel.factor * x.low, panel.factor * x.high, 6)]
    parts = [draw_text((2, top + 16), panel.name, "name")]
    parts += [line([(x(mark), top + HEAD - 8), (x(mark), bottom)], "grid") for mark in marks]
    parts += [draw_text((x(mark), bottom + 16), f"{panel.factor * mark:.3g}", anchor="middle") for mark in marks]
    for place, (label, span) in enumerate(zip(PARTS.values(), spans, strict=True)):
        parts += _draw_bar(top + HEAD + ROW * place, (label, panel.say(span[0])), span, x)
    return [*parts, line([(x(0.0), top + HEAD - 8), (x(0.0), bottom)], "axis")]


def _draw_bar(top: int, texts: tuple[str, str], span: tuple[float, float], x: Scale) -> list[str]:
    value, reach = span
    start, end = sorted((x(0.0), x(value)))
    middle, (label, told) = top + ROW / 2 - 3, texts
    is_total = label == PARTS["total"]
    return [
        draw_text((2 if is_total else 18, middle + 4), label),
        bar((start, top), end - start, ROW - 8, "before-bar" if is_total else "part-bar"),
        line([(x(value - reach), middle), (x(value + reach), middle)], "reach"),
        draw_text((WIDTH - 2, middle + 4), told, "before-value" if is_total else "now-value", "end"),
    ]
