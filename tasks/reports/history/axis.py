"""Labels below a picture: as many as there is room for, and the newest always."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.reports.page.svg import draw_text

LETTER = 7.0  # pixels of a letter of a label, at most
SPACE = 14.0


def label_days(marks: Sequence[tuple[float, str]], y: float) -> list[str]:
    """Labels that do not overlap, centred below their places.

    Parameters
    ----------
    marks : sequence of (float, str)
        The place of each and its text, from left to right; the last one is always drawn.
    y : float
        Their common baseline.
    """
    drawn: list[str] = []
    left = float("inf")
    for x, text in reversed(marks):
        half = len(text) * LETTER / 2
        if x + half + SPACE <= left:
            drawn.append(draw_text((x, y), text, anchor="middle"))
            left = x - half
    return drawn[::-1]
