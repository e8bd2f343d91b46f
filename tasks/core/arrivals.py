"""Arrivals: on which weekdays a reference has applications, and how many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.core.arrays import Floats
from tasks.core.windows import Window

Days = NDArray[np.datetime64]
WEEKDAYS = 7


@dataclass(frozen=True)
class Arrivals:
    """By weekday, Monday first: the days, those with any application, and the applications.

    A holiday is a day without any. So is a weekend, where the lender keeps one.
    """

    days: tuple[int, ...]
    filled: tuple[int, ...]
    rows: tuple[int, ...]

    @property
    def filled_share(self) -> Floats:
        """The share of each weekday's days that have applications; 0 for a weekday that never came."""
        return np.array(self.filled) / np.maximum(self.days, 1)

    @property
    def rows_a_day(self) -> Floats:
        """How many a day has that has any, by weekday."""
        return np.array(self.rows) / np.maximum(self.filled, 1)


def find_weekdays(days: Days) -> NDArray[np.int64]:
    """0 for a Monday, 6 for a Sunday."""
    # 1 January 1970 was a Thursday.
    return np.asarray((days.astype("datetime64[D]").astype(np.int64) + 3) % WEEKDAYS)


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
    days = days.astype("datetime64[D]")
    for window in windows:
        inside = days[(days >= np.datetime64(window.start)) & (days <= np.datetime64(window.end))]
        if not len(inside):
            continue
        every = np.arange(inside.min(), inside.max() + np.timedelta64(1, "D"))
        rows = np.bincount((inside - inside.min()).astype(int), minlength=len(every))
        weekdays = find_weekdays(every)
        for place, weights in enumerate((np.ones(len(rows)), rows > 0, rows)):
            np.add.at(counted[place], weekdays, weights.astype(np.int64))
    return Arrivals(*(tuple(row) for row in counted.tolist()))
