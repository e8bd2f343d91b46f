"""Arrivals: days without applications, their number, and a window that is not over."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from tasks.core.arrivals import Arrivals, count_arrivals, count_by_day
from tasks.core.findings import Finding, Verdict
from tasks.core.policy import QualityPolicy
from tasks.core.windows import Window, month_of
from tasks.quality.arrivals import measure_arrivals

HALF_A_YEAR = Window(date(2024, 1, 1), date(2024, 6, 30))
WINDOW = month_of("2024-08")
HOLIDAYS = (date(2024, 1, 1), date(2024, 3, 29), date(2024, 4, 1), date(2024, 5, 1))


def draw_days(window: Window, rows: float, seed: int, closed: tuple[int, ...] = ()) -> np.ndarray:
    """The day of each application: so many a day on average, none on closed weekdays and holidays."""
    random = np.random.default_rng(seed)
    days = [window.start + timedelta(days=number) for number in range(window.days)]
    counts = [0 if day.weekday() in closed or day in HOLIDAYS else random.poisson(rows) for day in days]
    return np.repeat(np.array(days, dtype="datetime64[D]"), counts)


def draw_reference(rows: float, seed: int = 1, closed: tuple[int, ...] = ()) -> Arrivals:
    return count_arrivals([HALF_A_YEAR], draw_days(HALF_A_YEAR, rows, seed, closed))


def ask(
    days: np.ndarray, arrivals: Arrivals, window: Window = WINDOW, today: date = date(2024, 9, 3)
) -> dict[str, Finding]:
    findings = measure_arrivals(window, count_by_day(window, days), arrivals, QualityPolicy(), today)
    return {finding.check: finding for finding in findings}


@pytest.mark.parametrize("closed", [(), (5, 6)])
@pytest.mark.parametrize("rows", [0.7, 3, 60])
def test_usual_windows_are_quiet(rows, closed):
    """Small and large lenders, with and without weekends, of any seed; a holiday in the window too."""
    for seed in range(40):
        window = [WINDOW, month_of("2024-05"), Window(date(2024, 8, 1), date(2024, 8, 7))][seed % 3]
        told = ask(draw_days(window, rows, 100 + seed, closed), draw_reference(rows, seed, closed), window)
        assert {finding.verdict for finding in told.values()} == {Verdict.PASS}, told


def test_a_mostly_empty_window_is_unfit_and_says_which_days():
    days = draw_days(Window(date(2024, 8, 28), date(2024, 8, 31)), 160, 3)
    told = ask(days, draw_reference(60))["empty_days"]
    assert told.verdict is Verdict.FAIL
    assert "27 of the 31 days that usually have some: 2024-08-01 to 2024-08-27" in told.sentence


def test_days_that_are_lost_are_told():
    days = draw_days(WINDOW, 60, 3, closed=(5, 6))
    lost = (days >= np.datetime64("2024-08-08")) & (days <= np.datetime64("2024-08-14"))
    told = ask(days[~lost], draw_reference(60, closed=(5, 6)))["empty_days"]
    assert told.verdict is Verdict.WARN
    # The weekend between is no loss, and breaks no span.
    assert "5 of the 22 days that usually have some: 2024-08-08 to 2024-08-14." in told.sentence


def test_the_last_days_that_have_not_come_are_told():
    told = ask(draw_days(Window(WINDOW.start, date(2024, 8, 26)), 60, 3), draw_reference(60))["empty_days"]
    assert (told.verdict, told.effect) == (Verdict.WARN, pytest.approx(5 / 31))
    assert "2024-08-27 to 2024-08-31" in told.sentence


@pytest.mark.parametrize(("rows", "times"), [(25, "0.4"), (150, "2.6")])
def test_far_more_or_fewer_applications_are_told(rows, times):
    told = ask(draw_days(WINDOW, rows, 3), draw_reference(60))
    assert told["volume"].verdict is Verdict.WARN
    assert f"({times}" in told["volume"].sentence
    assert told["empty_days"].verdict is Verdict.PASS


def test_a_lender_who_has_become_small_has_quiet_days_by_chance():
    assert ask(draw_days(WINDOW, 1.2, 3), draw_reference(60))["empty_days"].verdict is Verdict.PASS


def test_a_reference_of_few_applications_compares_no_number():
    week = Window(date(2024, 8, 1), date(2024, 8, 7))
    told = ask(draw_days(week, 10, 3), draw_reference(0.4), week)["volume"]
    assert told.verdict is Verdict.PASS
    assert "too few" in told.sentence


def test_a_window_that_is_not_over_is_told():
    days = draw_days(WINDOW, 60, 3)
    assert ask(days, draw_reference(60), today=date(2024, 8, 31))["window_over"].verdict is Verdict.WARN
    assert ask(days, draw_reference(60), today=date(2024, 9, 1))["window_over"].verdict is Verdict.PASS


def test_days_before_the_first_application_of_a_reference_do_not_count():
    """And of several windows each counts for itself."""
    early = draw_days(Window(date(2024, 3, 4), date(2024, 3, 31)), 10, 1)
    counted = count_arrivals([Window(date(2024, 1, 1), date(2024, 3, 31)), month_of("2024-09")], early)
    assert counted.days == (4,) * 7
    assert counted.filled[4] == 3, "the Good Friday of the reference"
