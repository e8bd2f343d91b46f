"""Which days a run looks at, and which it compares them with."""

from datetime import date

import pytest

from tasks.core.held_days import HeldDays, trust_ends
from tasks.core.windows import PlanError, Window, WindowError
from tasks.run.days import plan_reference, plan_trailing_window, plan_window, refuse_other_reference, skip_seen_days
from tasks.run.request import ReferenceOptions, WindowOptions

AUGUST = Window(date(2024, 8, 1), date(2024, 8, 31))


def until(*last: int) -> HeldDays:
    return trust_ends(date(2020, 1, 1), date(*last), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("asked", "scheduled_on", "held", "window"),
    [
        (AUGUST, date(2025, 1, 1), until(2025, 3, 3), AUGUST),  # what was asked for wins
        (None, date(2024, 9, 1), until(2025, 3, 3), AUGUST),  # a schedule means its own month, whatever the table holds
        (None, date(2024, 9, 30), None, AUGUST),  # later in the month, too
        (None, None, until(2024, 8, 31), AUGUST),  # the month is full
        (None, None, until(2024, 9, 29), AUGUST),  # September is not
    ],
)
def test_window(asked, scheduled_on, held, window):
    assert plan_window(asked, scheduled_on, held) == window


def test_an_empty_table_has_no_last_month():
    with pytest.raises(PlanError, match=r"flows\.load"):
        plan_window(None, None, None)


def test_the_default_reference_is_the_six_full_months_before():
    assert plan_reference(None, AUGUST) == Window(date(2024, 2, 1), date(2024, 7, 31))
    middle = Window(date(2024, 8, 10), date(2024, 9, 9))
    assert plan_reference(None, middle) == Window(date(2024, 2, 1), date(2024, 7, 31))


def test_a_reference_must_lie_before_its_window():
    with pytest.raises(PlanError, match="does not end before"):
        plan_reference(Window(date(2024, 1, 1), date(2024, 8, 1)), AUGUST)


def test_half_a_window_is_refused():
    with pytest.raises(PlanError, match="`start` and `end`"):
        _ = WindowOptions(start=date(2024, 8, 1)).window
    with pytest.raises(PlanError, match="`reference_start` and `reference_end`"):
        _ = ReferenceOptions(reference_end=date(2024, 8, 1)).reference


def test_an_end_before_its_start_is_refused():
    with pytest.raises(WindowError, match="before it starts"):
        _ = WindowOptions(start=date(2024, 8, 31), end=date(2024, 8, 1)).window


def test_a_champions_own_reference_may_be_named_and_no_other():
    refuse_other_reference(None, AUGUST)
    refuse_other_reference(AUGUST, AUGUST)
    with pytest.raises(PlanError, match=r"flows\.train"):
        refuse_other_reference(Window(date(2024, 8, 1), date(2024, 8, 30)), AUGUST)


@pytest.mark.parametrize(
    ("scheduled_on", "held", "window"),
    [
        (date(2024, 9, 1), until(2025, 3, 3), Window(date(2024, 8, 2), date(2024, 8, 31))),  # up to the day before
        (None, until(2024, 8, 15), Window(date(2024, 7, 17), date(2024, 8, 15))),  # up to the last day held
    ],
)
def test_trailing_window(scheduled_on, held, window):
    assert plan_trailing_window(30, scheduled_on, held) == window


def test_the_daily_score_ends_with_the_day_before_its_slot():
    assert plan_trailing_window(7, date(2024, 9, 1), None) == Window(date(2024, 8, 25), date(2024, 8, 31))


def test_an_empty_table_has_no_trailing_days():
    with pytest.raises(PlanError, match=r"flows\.load"):
        plan_trailing_window(30, None, None)


def test_a_trailing_window_begins_after_the_champions_days_once_a_week_is_left():
    june = Window(date(2024, 6, 1), date(2024, 6, 30))

    def seen(last: int) -> Window:
        return Window(date(2024, 1, 1), date(2024, 6, last))

    assert skip_seen_days(june, seen(23)) == Window(date(2024, 6, 24), date(2024, 6, 30))
    assert skip_seen_days(june, seen(24)) == june
    assert skip_seen_days(june, Window(date(2024, 1, 1), date(2024, 5, 31))) == june
