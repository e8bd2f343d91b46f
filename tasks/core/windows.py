"""Windows: the days that a run examines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from blocks.errors import UsageError

# Any other year is taken for a typing error; the extraction query counts such applications as undated.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


class WindowError(UsageError):
    """The requested days are not a valid window."""


@dataclass(frozen=True)
class Window:
    """Whole days from `start` to `end`, both included."""

    start: date
    end: date

    def __post_init__(self) -> None:
        """Refuse impossible days."""
        if self.end < self.start:
            raise WindowError(f"The window ends on {self.end}, before it starts on {self.start}. Swap the two dates.")
        if self.start < FIRST_DAY or self.end > LAST_DAY:
            raise WindowError(f"The window {self} is outside the range {FIRST_DAY} to {LAST_DAY}. Check the year.")

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"

    @property
    def days(self) -> int:
        """How many days the window has."""
        return (self.end - self.start).days + 1

    def overlaps(self, other: Window) -> bool:
        """Whether the two windows share a day."""
        return self.start <= other.end and other.start <= self.end

    def contains(self, day: date) -> bool:
        """Whether the day lies in the window."""
        return self.start <= day <= self.end


def cut_windows(windows: Iterable[Window], since: date | None) -> tuple[Window, ...]:
    """The days of some windows from a day on; all of them where there is no such day.

    Examples
    --------
    >>> [str(days) for days in cut_windows([month_of("2024-01"), month_of("2024-02")], date(2024, 2, 10))]
    ['2024-02-10 to 2024-02-29']
    """
    if since is None:
        return tuple(windows)
    return tuple(Window(max(days.start, since), days.end) for days in windows if days.end >= since)


def month_of(month: str) -> Window:
    """The window of a month such as "2024-08". Raises WindowError for any other text."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise WindowError(f"{month!r} is not a valid month. Use YYYY-MM.")
    return _month(int(month[:4]) * 12 + int(month[5:]) - 1)


def last_full_month(before: date) -> Window:
    """The last month that ended before the day `before`."""
    return _month(_count_months(before) - 1)


def last_full_month_held(last_day: date) -> Window:
    """The last month whose last day is not after `last_day`, the day of the last application in a table."""
    return last_full_month(last_day + timedelta(days=1))


def months_before(window: Window, count: int = 6) -> Window:
    """The `count` full months before the month in which the window starts."""
    first = _count_months(window.start)
    return Window(_month(first - count).start, _month(first - 1).end)


def _count_months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month(count: int) -> Window:
    """The month that many months after January of the year 0."""
    try:
        start, after = (date(number // 12, number % 12 + 1, 1) for number in (count, count + 1))
    except ValueError:
        raise WindowError(f"The year {count // 12} is not supported. Check the year.") from None
    return Window(start, after - timedelta(days=1))


class PlanError(UsageError):
    """The requested days do not fit together."""
