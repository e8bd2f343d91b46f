"""Held days: a few rows with a wrong date choose no window, and a lender's real days always do."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tasks.core.held_days import HeldDays, find_usual_days, trust_ends

TODAY = date(2026, 1, 15)
FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)


def fill(first: date, last: date, rows: int) -> dict[date, int]:
    return {first + timedelta(days=day): rows for day in range((last - first).days + 1)}


YEAR = fill(FIRST, LAST, 30)
JANUARIES = {date(1970 + number, 1, 1): 1 for number in range(30)}


def find(rows: dict[date, int], today: date = TODAY) -> HeldDays:
    held = find_usual_days(rows, today)
    assert held is not None
    return held


@pytest.mark.parametrize(
    ("strays", "reason"),
    [
        ({date(2042, 6, 1): 1}, "a typing error in the year"),
        (
            {date(2042, month, 1): 1 for month in range(1, 13)},
            "months of single rows decide nothing",
        ),
        ({date(2042, 3, 1) + timedelta(days=day): 40 for day in range(31)}, "a whole month, but in the future"),
        ({date(2025, 10, 2): 3}, "before today, ten months after all others"),
        ({date(1970, 1, 1): 250}, "the day that stands for no day"),
        (JANUARIES, "more months of strays than of applications"),
        ({date(1900, 1, 1): 1, date(2199, 12, 31): 1}, "both ends"),
    ],
)
def test_stray_rows_choose_nothing_and_are_named(strays, reason):
    held = find(YEAR | strays)
    assert (held.first, held.last) == (FIRST, LAST), reason
    assert dict(held.strays) == strays


@pytest.mark.parametrize(
    ("rows", "last", "reason"),
    [
        ({date(2024, 8, 1): 1}, date(2024, 8, 1), "a single row is all that there is"),
        (fill(date(2030, 1, 1), date(2030, 6, 30), 5), date(2030, 6, 30), "all of it lies in the future"),
        (fill(date(2020, 1, 1), date(2023, 12, 31), 100) | YEAR, LAST, "the lender became smaller"),
        (fill(date(2020, 1, 1), date(2023, 12, 31), 1000) | fill(FIRST, LAST, 3), LAST, "very much smaller"),
        ({date(2019, 1, 1): 1_000_000} | fill(date(2019, 1, 2), LAST, 5), LAST, "an archive was loaded in one day"),
        ({FIRST + timedelta(days=day): 1 + day for day in range(366)}, LAST, "the lender grows"),
        ({day: rows for day, rows in YEAR.items() if day.month != 11}, LAST, "a month is missing: the run says so"),
        (fill(FIRST, date(2024, 9, 10), 30) | {date(2024, 9, 30): 1}, date(2024, 9, 10), "September is not full"),
        ({day: rows for day, rows in YEAR.items() if day.weekday() < 5}, LAST, "no applications at weekends"),
        (YEAR | {LAST + timedelta(days=1): 1}, date(2025, 1, 1), "the first row of a new day"),
    ],
)
def test_the_last_day_is_the_last_usual_one(rows, last, reason):
    assert find(rows).last == last, reason


def test_a_lender_that_begins_small_has_no_strays():
    begin = {date(2022, 1, 1) + timedelta(days=7 * week): 1 for week in range(100)}
    assert find(begin | YEAR).strays == ()


def test_tomorrow_is_no_future_where_the_clocks_differ():
    rows = fill(date(2025, 1, 1), TODAY + timedelta(days=1), 30)
    assert find(rows).last == TODAY + timedelta(days=1)
    assert find(rows | {TODAY + timedelta(days=2): 30}).strays == ((TODAY + timedelta(days=2), 30),)


def test_no_rows_no_days():
    assert find_usual_days({}, TODAY) is None
    assert find_usual_days({FIRST: 0}, TODAY) is None


def test_the_ends_alone_say_nothing_of_strays():
    assert trust_ends(FIRST, LAST, TODAY).strays is None
