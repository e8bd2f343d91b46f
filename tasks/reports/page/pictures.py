"""Pictures of one column: the reference in grey, the window in colour on top."""

from __future__ import annotations

from itertools import chain

import numpy as np
from markupsafe import Markup

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers
from tasks.core.wording import format_share
from tasks.profile.bins import Bins, fit_bins
from tasks.profile.profile import count_levels
from tasks.reports.page.evidence import Pair
from tasks.reports.page.svg import Scale, area, bar, dot, draw_text, line, picture, shorten, ticks

WIDTH = 420
STEPS = 48
MOST_BARS = 8
MOST_ROWS = 100_000
TAIL = 0.02


def draw_column(contract: Contract, pair: Pair) -> Markup:
    """The column's distribution in both windows; empty where one of them holds no value."""
    if not pair.has_values:
        return Markup("")
    if not pair.bins.is_number:
        return draw_categories(pair)
    if pair.has_few_values:
        return draw_few_values(pair)
    return draw_curve(contract, pair)


def draw_curve(contract: Contract, pair: Pair) -> Markup:
    """A number with many values: its density, without the outermost 2 % at each end."""
    values = pair.held if len(pair.held) <= MOST_ROWS else pair.held.sample(MOST_ROWS, random_state=0)
    fresh = fit_bins(contract.column(pair.bins.name), values)
    counts = count_levels((fresh,), fresh.encode(values)[:, None])[0]
    windows = [accumulate(pair.bins, pair.reference), accumulate(fresh, counts)]
    low = min(float(np.interp(TAIL, shares, edges)) for edges, shares in windows)
    high = max(float(np.interp(1 - TAIL, shares, edges)) for edges, shares in windows)
    grid = np.linspace(low, high, STEPS + 1)
    heights = [smooth(np.diff(np.interp(grid, edges, shares, left=0, right=1))) for edges, shares in windows]
    medians = [float(np.interp(0.5, shares, edges)) for edges, shares in windows]
    bottom, height = 158, 184
    x = Scale(low, high, 6, WIDTH - 6)
    y = Scale(0, float(np.max(heights)) * 1.06, bottom, 16)
    middles = (grid[:-1] + grid[1:]) / 2
    before, now = ([(x(m), y(h)) for m, h in zip(middles, part, strict=True)] for part in heights)
    parts = [
        area(before, bottom, "before-ground"),
        line(before, "before-line"),
        line(now, "now-line"),
        *(
            line([(x(median), bottom), (x(median), 14)], style)
            for median, style in zip(medians, ("before-median", "now-median"), strict=True)
        ),
        line([(6, bottom), (WIDTH - 6, bottom)], "axis"),
        *_label_axis(x, low, high, bottom + 18),
    ]
    description = (
        f"{pair.bins.name}: distribution. The median is {shorten(medians[0])} in the reference and "
        f"{shorten(medians[1])} in the window."
    )
    return picture(WIDTH, height, description, parts)


def accumulate(bins: Bins, counts: Integers) -> tuple[Floats, Floats]:
    """The edges of a number, and the share of plain values below each."""
    inner = counts[1 : bins.intervals + 1].astype(float)
    below = np.cumsum(inner)[:-1] / max(inner.sum(), 1)
    return bins.edges, below


def smooth(heights: Floats) -> Floats:
    """A moving average: the steps between intervals are an artefact of the binning."""
    padded = np.pad(heights, 2, mode="edge")
    return np.convolve(padded, np.array([1, 4, 6, 4, 1]) / 16, mode="valid")


def _label_axis(x: Scale, low: float, high: float, baseline: float) -> list[str]:
    labels = [(x(tick), shorten(tick)) for tick in ticks(low, high)]
    return [draw_text((min(max(place, 14), x.end - 10), baseline), text, anchor="middle") for place, text in labels]


def draw_few_values(pair: Pair) -> Markup:
    """A number with few values: a pair of bars for each."""
    bins = pair.bins
    codes = [c for c in range(1, bins.intervals + 1) if pair.reference[c] or pair.current[c]]
    names = [name_interval(bins, code) for code in codes]
    shares = [pair.share(code) for code in codes]
    bottom, height = 158, 184
    y = Scale(0, max(chain.from_iterable(shares)) * 1.12, bottom, 12)
    step = (WIDTH - 12) / max(len(codes), 1)
    width = min(step * 0.38, 26)
    every = max(1, round(len(codes) / 12))
    parts = []
    for place, (before, now) in enumerate(shares):
        middle = 6 + step * (place + 0.5)
        parts.append(bar((middle - width, y(before)), width, bottom - y(before), "before-bar"))
        parts.append(bar((middle, y(now)), width, bottom - y(now), "now-bar"))
        if place % every == 0:
            parts.append(draw_text((middle, bottom + 18), names[place], anchor="middle"))
    parts.append(line([(6, bottom), (WIDTH - 6, bottom)], "axis"))
    description = "; ".join(
        f"{name}: {format_share(a)} before, {format_share(b)} now" for name, (a, b) in zip(names, shares, strict=True)
    )
    return picture(WIDTH, height, f"{bins.name}: {description}", parts)


def name_interval(bins: Bins, code: int) -> str:
    """With few values each has its own interval; values beyond the outer ones are new."""
    if not len(bins.edges):
        return "any"
    if code == 1:
        return f"< {shorten(float(bins.edges[0]))}"
    if code == bins.intervals:
        return f"> {shorten(float(bins.edges[max(len(bins.edges) - 2, 0)]))}"
    return shorten(float(bins.edges[code - 2]))


def draw_categories(pair: Pair) -> Markup:
    """A pair of bars for each of the most frequent categories, and one pair for the others."""
    rows = list_categories(pair)
    most = max(max(before, now) for _, before, now in rows)
    x, height = Scale(0, most, 0, WIDTH - 205), 12 + 30 * len(rows)
    parts = []
    for place, (name, before, now) in enumerate(rows):
        top = 8 + 30 * place
        parts += [
            draw_text((142, top + 15), name if len(name) <= 20 else f"{name[:19]}…", anchor="end"),
            bar((150, top), x(before), 9, "before-bar"),
            bar((150, top + 10), x(now), 9, "now-bar"),
            draw_text((156 + x(max(before, now)), top + 14), f"{100 * before:.1f} → {100 * now:.1f} %"),
        ]
    description = "; ".join(
        f"{name}: {format_share(before)} before, {format_share(now)} now" for name, before, now in rows
    )
    return picture(WIDTH, height, f"{pair.bins.name}: {description}", parts)


def list_categories(pair: Pair) -> list[tuple[str, float, float]]:
    """Categories with their shares: in the contract's order if there is one, else the most frequent ones first."""
    bins = pair.bins
    shares = {code: pair.share(code) for code in range(1, bins.levels + 1)}
    shown = {code: share for code, share in shares.items() if max(share) > 0}
    ranked = sorted(shown, key=lambda code: -max(shown[code]) - 3 * abs(shown[code][1] - shown[code][0]))
    kept = ranked if bins.is_ordered or len(ranked) <= MOST_BARS else ranked[: MOST_BARS - 1]
    order = sorted(kept) if bins.is_ordered else sorted(kept, key=lambda code: -shown[code][0])
    rows = [(bins.categories[c - 1] if c < bins.levels else bins.rest_name, *shown[c]) for c in order]
    rest = [shown[code] for code in ranked if code not in kept]
    if rest:
        rows.append((f"({len(rest)} others)", sum(b for b, _ in rest), sum(n for _, n in rest)))
    return rows


def draw_change(before: float, now: float, description: str, *, is_share: bool = True) -> Markup:
    """One number in the reference and in the window, on a short axis."""
    reach = max(abs(now - before) * 0.6, 0.02)
    low, high = min(before, now) - reach, max(before, now) + reach
    if is_share:
        low, high = max(low, 0.0), min(high, 1.0)
    x, middle = Scale(low, high, 30, WIDTH - 30), 52
    marks = ticks(low, high, 4)

    def format_tick(value: float) -> str:
        return f"{100 * value:.3g} %" if is_share else f"{value:.3g}"

    def format_one(value: float) -> str:
        return format_share(value) if is_share else f"{value:.3f}"

    left, right = ("end", "start") if before <= now else ("start", "end")
    parts = [
        *(line([(x(mark), 30), (x(mark), 74)], "grid") for mark in marks),
        *(draw_text((x(mark), 92), format_tick(mark), anchor="middle") for mark in marks),
        line([(x(before), middle), (x(now), middle)], "change"),
        dot((x(before), middle), 6, "before-dot"),
        dot((x(now), middle), 7, "now-dot"),
        draw_text((_keep_inside(x(before)), 20), format_one(before), "before-value", _anchor(x(before), left)),
        draw_text((_keep_inside(x(now)), 20), format_one(now), "now-value", _anchor(x(now), right)),
    ]
    return picture(
        WIDTH, 104, f"{description}: {format_one(before)} in the reference, {format_one(now)} in the window.", parts
    )


def _keep_inside(place: float) -> float:
    return min(max(place, 4), WIDTH - 4)


def _anchor(place: float, wanted: str) -> str:
    """The text anchor that keeps text near the border inside."""
    if place < 60:
        return "start"
    return "end" if place > WIDTH - 60 else wanted
