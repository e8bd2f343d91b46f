"""Small pictures as SVG. Colours are classes; the page's style defines them for light, dark and print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10

from markupsafe import Markup, escape

Point = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """From values, `low` to `high`, to pixels, `start` to `end`; values outside stay at the nearer end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        place = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return self.start + place * (self.end - self.start)


def picture(width: int, height: int, description: str, parts: Iterable[str]) -> Markup:
    """A whole picture; `description` is for those who cannot see it."""
    return Markup(  # noqa: S704 - its texts are escaped, below and in `draw_text`
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(description)}">{"".join(parts)}</svg>'
    )


def line(points: Sequence[Point], style: str) -> str:
    """A line through points."""
    return f'<polyline class="{style}" points="{_join(points)}"/>'


def area(points: Sequence[Point], base: float, style: str) -> str:
    """The area between points and a horizontal base."""
    closed = [(points[0][0], base), *points, (points[-1][0], base)]
    return f'<polygon class="{style}" points="{_join(closed)}"/>'


def bar(corner: Point, width: float, height: float, style: str) -> str:
    """A rectangle from its upper left corner; never too thin to see."""
    x, y = corner
    return (
        f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.8):.1f}" height="{max(height, 0.8):.1f}"/>'
    )


def dot(place: Point, radius: float, style: str) -> str:
    """A filled circle."""
    return f'<circle class="{style}" cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius:.1f}"/>'


def draw_text(place: Point, text: str, style: str = "label", anchor: str = "start") -> str:
    """A line of text whose baseline starts, is centred or ends at a place."""
    x, y = place
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values from `low` to `high`, at most so many."""
    if high <= low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first = -floor(-low / step)
    return [step * count for count in range(first, floor(high / step + 1e-9) + 1)]


def shorten(value: float) -> str:
    """A number for an axis: 1.2M, 350k, 0.5."""
    for factor, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * factor or (factor > 1e3 and abs(value) >= factor):
            return f"{value / factor:.3g}{letter}"
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _join(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
