"""The bank's numbers over the windows: PSI of the score, KS and Gini, with their usual bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from tasks.bank.meaning import Meaning, read_meanings
from tasks.reports.history.axis import label_days
from tasks.reports.history.records import PastRun
from tasks.reports.page.svg import Scale, dot, draw_text, line, picture, ticks

WIDTH, HEIGHT = 420, 190
TOP, BOTTOM, LEFT = 26, 150, 44


@dataclass(frozen=True)
class BankRow:
    """One window: its numbers as texts, each with the word of its usual band."""

    window: tuple[date, date]
    psi: str
    psi_band: str
    chance: str
    ks: str
    ks_band: str
    gini: str
    gini_band: str
    interval: str
    rows: str


@dataclass(frozen=True)
class BankHistory:
    """The table of the windows, the latest last, and one picture for each number."""

    rows: Sequence[BankRow]
    pictures: Sequence[Markup]
    says: Sequence[Meaning]


def show_bank_history(windows: Sequence[PastRun]) -> BankHistory | None:
    """The numbers of these windows; None where no run has kept any."""
    held = [run for run in windows if run.bank and run.window]
    if not held:
        return None
    meanings = read_meanings()
    pictures = [draw_series(meanings[key], points) for key, points in _list_series(held).items() if len(points)]
    return BankHistory([_make_row(run) for run in held], pictures, [meanings[key] for key in ("psi", "ks", "gini")])


def _list_series(held: Sequence[PastRun]) -> dict[str, list[tuple[date, float]]]:
    series: dict[str, list[tuple[date, float]]] = {"psi": [], "ks": [], "gini": []}
    for run in held:
        if not run.bank or not run.window:
            continue
        end, window = run.window[1], run.bank["window"]
        series["psi"].append((end, run.bank["psi"]["value"]))
        if window is not None:
            series["ks"].append((end, window["ks"]))
            series["gini"].append((end, window["gini"]))
    return series


def _make_row(run: PastRun) -> BankRow:
    bank, meanings = run.bank or {}, read_meanings()
    psi, window = bank["psi"], bank["window"] or {}
    ks, gini = window.get("ks"), window.get("gini")
    return BankRow(
        window=run.window or (date.min, date.min),
        psi=_say(psi["value"]),
        psi_band=meanings["psi"].name_band(psi["value"]),
        chance=_say(psi["chance_limit"]),
        ks=_say(ks),
        ks_band=meanings["ks"].name_band(ks),
        gini=_say(gini),
        gini_band=meanings["gini"].name_band(gini),
        interval=f"{_say(window['low'])} to {_say(window['high'])}" if window else "",
        rows=f"{psi['window_rows']:,}",
    )


def draw_series(meaning: Meaning, points: Sequence[tuple[date, float]]) -> Markup:
    """One number over the windows, with dashed lines where its usual bands begin.

    Parameters
    ----------
    meaning
        Its name and bands.
    points
        The last day of each window and the number, the earliest first; at least one.
    """
    values = [value for _, value in points]
    low, high = min(0.0, *values, 0.0), max(*values, values[0]) * 1.15 + 0.01
    high = max(high, next((least for least, _ in meaning.bands if least > low), high) * 1.15)
    x = Scale(points[0][0].toordinal() - 15, points[-1][0].toordinal() + 15, LEFT, WIDTH - 96)
    y = Scale(low, high, BOTTOM, TOP)
    parts = [draw_text((2, 13), meaning.name, "name")]
    parts += [line([(LEFT, y(mark)), (WIDTH - 96, y(mark))], "grid") for mark in ticks(low, high, 4)]
    parts += [draw_text((LEFT - 5, y(mark) + 4), f"{mark:.3g}", anchor="end") for mark in ticks(low, high, 4)]
    for least, word in meaning.bands:
        if low < least < high:
            parts.append(line([(LEFT, y(least)), (WIDTH - 96, y(least))], "margin"))
            parts.append(draw_text((WIDTH - 90, y(least) + 4), f"{word}", "axis-name"))
    places = [(x(day.toordinal()), y(value)) for day, value in points]
    parts += [line(places, "now-line"), *(dot(place, 4, "now-dot") for place in places)]
    parts += label_days([(x(day.toordinal()), f"{day:%b %y}") for day, _ in points], BOTTOM + 20)
    told = "; ".join(f"{day:%B %Y}: {value:.3f}" for day, value in points)
    return picture(WIDTH, HEIGHT, f"{meaning.name} by window. {told}", parts)


def _say(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
