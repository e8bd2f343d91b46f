"""Held days: up to which day a table holds its usual number of applications, and which few rows lie far from them.

One row with a wrong year must not choose the month that a run looks at. So the last day is the last one with a usual
number of applications, or applications on most days, in the week and in the four weeks up to it. What lies after it is
a stray, and so are a few rows long before all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from tasks.core.arrays import Counts, Days, Floats, Mask

# So much of what is usual shows that a day belongs to the table: a quiet week has it, some wrong dates do not. So do
# applications on most days, however few: a lender may become small.
LEAST_OF_A_WEEK, LEAST_OF_A_MONTH = 0.05, 0.1
MOST_DAYS = 0.5
WEEK, FOUR_WEEKS, MONTH = 7, 28, 365.25 / 12
# So many days without any part strays from what follows: a lender may begin small, but goes on.
LONGEST_GAP = 180


@dataclass(frozen=True)
class HeldDays:
    """The days that a table holds.

    Parameters
    ----------
    first, last
        The first day that is no stray, and the last with a usual number of applications.
    strays
        The days far from those, with their rows, the earliest first; None where the rows of each day are not known.
    today
        The day on which the table was asked.
    """

    first: date
    last: date
    strays: tuple[tuple[date, int], ...] | None
    today: date


def find_usual_days(rows: Mapping[date, int], today: date) -> HeldDays | None:
    """The usual days of a table.

    Parameters
    ----------
    rows : mapping of date to int
        The applications of each day, in any order.
    today : date
        Later days are wrong, and choose nothing unless no other day could.

    Returns
    -------
    HeldDays or None
        None where there are no applications.

    Examples
    --------
    >>> rows = {date(2024, 8, 1) + timedelta(days=day): 30 for day in range(31)} | {date(2042, 1, 5): 1}
    >>> held = find_usual_days(rows, today=date(2024, 9, 2))
    >>> str(held.last), [str(day) for day, _ in held.strays]
    ('2024-08-31', ['2042-01-05'])
    """
    filled = sorted(day for day, count in rows.items() if count > 0)
    if not filled:
        return None
    # A day of leeway: the lender's clock may be ahead of ours.
    possible = [day for day in filled if day <= today + timedelta(days=1)] or filled
    days = np.array(possible, dtype="datetime64[D]")
    counts = np.array([rows[day] for day in possible], dtype=np.int64)
    month = _find_usual_month(days, counts)
    # Without any usual day the last is as good as any.
    last = possible[-1 - int(np.argmax(_is_usual(days, counts, month)[::-1]))]
    first = min(possible[_count_detached(days, counts, month)], last)
    return HeldDays(first, last, tuple((day, rows[day]) for day in filled if not first <= day <= last), today)


def trust_ends(first: date, last: date, today: date) -> HeldDays:
    """The days of a table of which only the first and the last are known."""
    return HeldDays(first, last, None, today)


def _find_usual_month(days: Days, counts: Counts) -> float:
    """The applications of a usual month: the median of the months that hold any, weighted by the logarithm of each.

    So neither one month into which a whole archive was loaded, nor many months of a single wrong row each, decide.
    """
    months, place = np.unique(days.astype("datetime64[M]"), return_inverse=True)
    held = np.sort(np.bincount(place, weights=counts, minlength=len(months)))
    weights = np.cumsum(np.log(held)) if held[-1] > 1 else np.arange(1.0, len(held) + 1)
    return float(held[np.searchsorted(weights, weights[-1] / 2)])


def _is_usual(days: Days, counts: Counts, month: float) -> Mask:
    """Whether the week and the four weeks up to each day hold a usual number."""
    week, four_weeks = (_sum_until(days, counts, span) for span in (WEEK, FOUR_WEEKS))
    has_rows = (week >= LEAST_OF_A_WEEK * month * WEEK / MONTH) & (four_weeks >= LEAST_OF_A_MONTH * month)
    held_week, held_four = (_sum_until(days, np.ones_like(counts), span) for span in (WEEK, FOUR_WEEKS))
    return has_rows | ((held_week >= MOST_DAYS * WEEK) & (held_four >= MOST_DAYS * FOUR_WEEKS))


def _sum_until(days: Days, counts: Counts, span: int) -> Floats:
    """The sum over the `span` days up to each day."""
    below = np.append(0.0, np.cumsum(counts))
    start = np.searchsorted(days, days - np.timedelta64(span - 1, "D"))
    return np.asarray(below[1:] - below[start])


def _count_detached(days: Days, counts: Counts, month: float) -> int:
    """How many of the first days are strays: blocks of less than a usual month, long before what follows."""
    ends = np.flatnonzero(np.diff(days).astype(np.int64) > LONGEST_GAP) + 1
    detached = 0
    for end in ends.tolist():
        if counts[detached:end].sum() >= month:
            break
        detached = end
    return detached
