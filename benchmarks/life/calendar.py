"""Calendar: the days of a life, and when it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tasks.core.windows import Window, month_of

FIRST_YEAR = 2023
MONTHS, TRAINING_MONTHS = 24, 6
TRAILING_DAYS, WEEK_DAYS = 30, 7
ONE_DAY = timedelta(days=1)


class Cadence(StrEnum):
    """How often a life is looked at."""

    MONTHLY = "monthly"
    WEEKLY = "weekly"
    DAILY = "daily"


@dataclass(frozen=True)
class Visit:
    """A look at a life: the days of the schedule's window, and the day on which it is asked.

    `is_whole`: the window has its full length. The first windows of a daily schedule have not, as the days that the
    first model was fitted on are left out.
    """

    window: Window
    today: date
    is_whole: bool = True


def month(number: int) -> Window:
    """The days of a life's month; the first one is 1, and the years are those of FIRST_YEAR on."""
    years, months = divmod(number - 1, 12)
    return month_of(f"{FIRST_YEAR + years}-{months + 1:02d}")


def number_of(day: date) -> int:
    """The month of a life in which a day lies."""
    return (day.year - FIRST_YEAR) * 12 + day.month


def span(first: int, last: int) -> Window:
    """The days from the first of one month to the last of another."""
    return Window(month(first).start, month(last).end)


TRAINING = span(1, TRAINING_MONTHS)
WATCHED = span(TRAINING_MONTHS + 1, MONTHS)


def list_visits(cadence: Cadence) -> list[Visit]:
    """Every look at a life after its first six months.

    Monthly: the month that has ended. Weekly: the seven days from Monday to Sunday that have ended. Daily: the 30 days
    that have ended.
    """
    if cadence is Cadence.MONTHLY:
        windows = [month(number) for number in range(TRAINING_MONTHS + 1, MONTHS + 1)]
        return [Visit(window, window.end + ONE_DAY) for window in windows]
    days = [WATCHED.start + ONE_DAY * place for place in range(WATCHED.days)]
    if cadence is Cadence.WEEKLY:
        sundays = [day for day in days[WEEK_DAYS - 1 :] if day.weekday() == 6]
        return [Visit(_ending(day, WEEK_DAYS), day + ONE_DAY) for day in sundays]
    windows = [_ending(day, TRAILING_DAYS) for day in days]
    return [Visit(window, window.end + ONE_DAY, window.days == TRAILING_DAYS) for window in windows]


def _ending(day: date, days: int) -> Window:
    return Window(max(day - ONE_DAY * (days - 1), WATCHED.start), day)
