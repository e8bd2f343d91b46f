"""How the history writes windows: short, and on one line."""

from __future__ import annotations

from datetime import date

from tasks.core.windows import month_of

Days = tuple[date, date]


def format_window(window: Days) -> str:
    """A window in words.

    Examples
    --------
    >>> format_window((date(2024, 8, 1), date(2024, 8, 31)))
    'August 2024'
    >>> format_window((date(2024, 8, 5), date(2024, 8, 11)))
    '5 to 11 Aug 2024'
    >>> format_window((date(2024, 7, 29), date(2024, 8, 4)))
    '29 Jul to 4 Aug 2024'
    """
    start, end = window
    if _is_month(window):
        return f"{end:%B %Y}"
    if start == end:
        return f"{end:%-d %b %Y}"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} to {end:%-d %b %Y}"
    return f"{start:%-d %b} to {end:%-d %b %Y}" if start.year == end.year else f"{start:%-d %b %Y} to {end:%-d %b %Y}"


def shorten_window(window: Days) -> str:
    """A window as the head of a column: its month, else its last day.

    Examples
    --------
    >>> shorten_window((date(2024, 8, 1), date(2024, 8, 31))), shorten_window((date(2024, 8, 5), date(2024, 8, 11)))
    ('Aug 24', '11 Aug')
    """
    return f"{window[1]:%b %y}" if _is_month(window) else f"{window[1]:%-d %b}"


def _is_month(window: Days) -> bool:
    month = month_of(f"{window[0]:%Y-%m}")
    return window == (month.start, month.end)
