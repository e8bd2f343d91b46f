"""Arrivals: on which weekdays a reference has applications, and how many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tasks.core.arrays import Days, Floats, Integers
from tasks.core.windows import Window

WEEKDAYS = 7


@dataclass(frozen=True)
class Arrivals:
    """By weekday, Monday first: the days, those with any application, and the applications.

    A holiday is a day without any. So is a weekend, where the lender keeps one.
    """

    days: tuple[int, ...]
    filled: tuple[int, ...]
    rows: tuple[int, ...]

    def scale_up(self, share: float) -> Arrivals:
        """As they are where the applications that were counted are such a share of all."""
        return self if share == 1 else replace(self, rows=tuple(round(rows / share) for rows in self.rows))

    @property
    def filled_share(self) -> Floats:
        """The share of each weekday's days that have applications; 0 for a weekday that never came."""
        return np.array(self.filled) / np.maximum(self.days, 1)

    @property
    def rows_a_day(self) -> Floats:
        """How many a day has that has any, by weekday."""
        return np.array(self.rows) / np.maximum(self.filled, 1)


def list_weekdays(window: Window) -> Integers:
    """The weekday of each day of the window: 0 for a Monday, 6 for a Sunday."""
    return np.asarray((window.start.weekday() + np.arange(window.days)) % WEEKDAYS)


def count_by_day(window: Window, days: Days) -> Integers:
    """The applications of each day of the window, from the day of each; those of other days are left out."""
    place = (days - np.datetime64(window.start, "D")).astype(int)
    return np.bincount(place[(place >= 0) & (place < window.days)], minlength=window.days)


def count_arrivals(windows: Iterable[Window], days: Days) -> Arrivals:
    """The arrivals of some windows.

    Parameters
    ----------
    windows : iterable of Window
        Each counts from its first application to its last: what lies before or after may not be among the rows.
    days : array of n
        The day of each application.

    Returns
    -------
    Arrivals

    Examples
    --------
    >>> from datetime import date
    >>> days = np.array(["2024-07-01", "2024-07-01", "2024-07-03"], dtype="datetime64[D]")  # a Monday, a Wednesday
    >>> count_arrivals([Window(date(2024, 7, 1), date(2024, 7, 31))], days)
    Arrivals(days=(1, 1, 1, 0, 0, 0, 0), filled=(1, 0, 1, 0, 0, 0, 0), rows=(2, 0, 1, 0, 0, 0, 0))
    """
    counted = np.zeros((3, WEEKDAYS), dtype=np.int64)
    for window in windows:
        rows = count_by_day(window, days)
        filled = np.flatnonzero(rows)
        if len(filled):
            held = slice(filled[0], filled[-1] + 1)
            by_day = np.stack([np.ones_like(rows), rows > 0, rows])[:, held]
            counted += by_day @ np.eye(WEEKDAYS, dtype=np.int64)[list_weekdays(window)[held]]
    return Arrivals(*(tuple(row) for row in counted.tolist()))
