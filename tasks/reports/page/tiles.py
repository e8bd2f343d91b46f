"""Tiles: the small picture of every column, reference against window, those that moved most first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from tasks.core.arrays import Floats, sample_rows
from tasks.core.findings import Question, Verdict, find_gravest
from tasks.core.wording import format_share
from tasks.reports.page.evidence import Evidence, Pair
from tasks.reports.page.pictures import TAIL, accumulate, list_categories, name_interval, smooth
from tasks.reports.page.svg import Scale, area, bar, draw_text, line, picture, shorten
from tasks.reports.page.wording import Record

WIDTH, HEIGHT, BOTTOM = 210, 92, 76
FIRST = 8  # tiles in sight, even if nothing moved
MOST_ROWS = 4_000  # of more values a sample is drawn
STEPS = 24
MOST_BARS = 4
MOST_VALUES = 14
_NAME = 15  # letters of a category


@dataclass(frozen=True)
class Tile:
    """One column: the gravest verdict of its checks, its largest change beside the limit, what is missing, a picture.

    `weight` is the change in multiples of its limit.
    """

    name: str
    verdict: Verdict
    change: str
    missing: str
    picture: Markup
    weight: float


def make_tiles(summary: Record, evidence: Evidence | None) -> tuple[list[Tile], list[Tile]]:
    """The tiles of all columns: those in sight, with them all whose verdict is not `pass`, and the quiet ones."""
    if evidence is None:
        return [], []
    found: dict[str, list[Record]] = {}
    for finding in summary["findings"]:
        if finding["question"] == Question.DATA and finding["subject"]:
            found.setdefault(finding["subject"], []).append(finding)
    tiles = [_make_tile(name, pair, found.get(name, [])) for name, pair in evidence.columns.items()]
    tiles.sort(key=lambda tile: (tile.verdict in (Verdict.PASS, Verdict.NOT_RUN), -tile.weight))
    loud = sum(tile.verdict not in (Verdict.PASS, Verdict.NOT_RUN) for tile in tiles)
    seen = max(loud, min(FIRST, len(tiles)))
    seen = len(tiles) if len(tiles) <= seen + 2 else seen
    return tiles[:seen], tiles[seen:]


def _make_tile(name: str, pair: Pair, findings: Sequence[Record]) -> Tile:
    measured = [f for f in findings if f["effect"] is not None and f["limit"]]
    weights = [float(f["effect"] / f["limit"]) for f in measured]
    largest = measured[int(np.argmax(weights))] if measured else None
    change = f"{100 * largest['effect']:.1f} of {100 * largest['limit']:.1f} points" if largest else "not compared"
    return Tile(
        name,
        find_gravest(finding["verdict"] for finding in findings),
        change,
        _describe_missing(pair),
        draw_tile(pair),
        max(weights, default=0.0),
    )


def _describe_missing(pair: Pair) -> str:
    before, now = pair.missing
    return f"missing {format_share(before)} → {format_share(now)}" if max(before, now) >= 0.0005 else ""


def draw_tile(pair: Pair) -> Markup:
    """A small picture of a column; words where one of the windows holds no value."""
    if not pair.has_values:
        return draw_text_only(pair.bins.name, "no values to compare")
    if not pair.bins.is_number:
        return _draw_categories(pair)
    return _draw_values(pair) if pair.has_few_values else _draw_curve(pair)


def _draw_curve(pair: Pair) -> Markup:
    """The densities of a number; dashed lines are the medians."""
    held = pair.held.to_numpy(np.float64)
    held = held[np.isfinite(held) & ~np.isin(held, list(pair.bins.special))]
    now = np.sort(held[sample_rows(len(held), MOST_ROWS, seed=0)])
    shares = (np.arange(len(now)) + 0.5) / max(len(now), 1)
    windows = [accumulate(pair.bins, pair.reference), (now, shares)]
    if not len(now) or len(windows[0][0]) < 2:
        return _draw_values(pair)
    low, median, high = (
        [float(np.interp(p, shares, edges)) for edges, shares in windows] for p in (TAIL, 0.5, 1 - TAIL)
    )
    grid = np.linspace(min(low), max(high), STEPS + 1)
    heights = [smooth(np.diff(np.interp(grid, edges, shares, left=0, right=1))) for edges, shares in windows]
    x, y = Scale(grid[0], grid[-1], 2, WIDTH - 2), Scale(0, float(np.max(heights)) * 1.05, BOTTOM, 4)
    before, after = (_place(grid, part, x, y) for part in heights)
    parts = [
        area(before, BOTTOM, "before-ground"),
        line(before, "before-line"),
        line(after, "now-line"),
        line([(x(median[0]), BOTTOM), (x(median[0]), 2)], "before-median"),
        line([(x(median[1]), BOTTOM), (x(median[1]), 2)], "now-median"),
        *_draw_ends(shorten_end(grid[0]), shorten_end(grid[-1])),
    ]
    told = f"median {shorten(median[0])} in the reference, {shorten(median[1])} in the window"
    return picture(WIDTH, HEIGHT, f"{pair.bins.name}: {told}", parts)


def shorten_end(value: float) -> str:
    """The end of an axis, to three digits."""
    return shorten(float(f"{value:.3g}"))


def _place(grid: Floats, heights: Floats, x: Scale, y: Scale) -> list[tuple[float, float]]:
    return [(x(middle), y(height)) for middle, height in zip((grid[:-1] + grid[1:]) / 2, heights, strict=True)]


def _draw_values(pair: Pair) -> Markup:
    """A pair of bars for each value of a number that has few."""
    bins = pair.bins
    codes = [c for c in range(1, bins.intervals + 1) if pair.reference[c] or pair.current[c]][:MOST_VALUES]
    if not codes:
        return draw_text_only(bins.name, "special values only")
    shares = [pair.share(code) for code in codes]
    y = Scale(0, max(max(pairs) for pairs in shares) * 1.05, BOTTOM, 4)
    step = (WIDTH - 4) / len(codes)
    width = min(step * 0.4, 16)
    parts = []
    for place, (before, now) in enumerate(shares):
        middle = 2 + step * (place + 0.5)
        parts.append(bar((middle - width, y(before)), width, BOTTOM - y(before), "before-bar"))
        parts.append(bar((middle, y(now)), width, BOTTOM - y(now), "now-bar"))
    names = [name_interval(bins, code) for code in codes]
    told = "; ".join(f"{n}: {format_share(a)} → {format_share(b)}" for n, (a, b) in zip(names, shares, strict=True))
    return picture(WIDTH, HEIGHT, f"{bins.name}: {told}", [*parts, *_draw_ends(names[0], names[-1])])


def draw_text_only(name: str, text: str) -> Markup:
    """A picture that says why there is none."""
    return picture(WIDTH, HEIGHT, f"{name}: {text}", [draw_text((WIDTH / 2, HEIGHT / 2), text, anchor="middle")])


def _draw_ends(first: str, last: str) -> list[str]:
    return [
        line([(2, BOTTOM), (WIDTH - 2, BOTTOM)], "axis"),
        draw_text((2, BOTTOM + 14), first),
        draw_text((WIDTH - 2, BOTTOM + 14), last, anchor="end"),
    ]


def _draw_categories(pair: Pair) -> Markup:
    """Bars of the largest categories, and of the others together."""
    rows = list_categories(pair)
    if len(rows) > MOST_BARS:
        ranked = sorted(rows, key=lambda row: -max(row[1:]))
        kept, rest = ranked[: MOST_BARS - 1], ranked[MOST_BARS - 1 :]
        rows = [row for row in rows if row in kept]
        rows.append(("(others)", sum(before for _, before, _ in rest), sum(now for _, _, now in rest)))
    x = Scale(0, max(max(row[1:]) for row in rows), 0, WIDTH - 104)
    parts = []
    for place, (name, before, now) in enumerate(rows):
        top = 3 + 22 * place
        parts += [
            draw_text((96, top + 13), name if len(name) <= _NAME else f"{name[: _NAME - 1]}…", anchor="end"),
            bar((102, top), x(before), 7, "before-bar"),
            bar((102, top + 8), x(now), 7, "now-bar"),
        ]
    told = "; ".join(f"{name}: {format_share(before)} → {format_share(now)}" for name, before, now in rows)
    return picture(WIDTH, HEIGHT, f"{pair.bins.name}: {told}", parts)
