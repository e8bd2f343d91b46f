"""The days on which the lender's own model can be watched."""

from __future__ import annotations

from datetime import date

import pytest

from tasks.contract.lender_model import LenderModel
from tasks.core.windows import PlanError, Window
from tasks.run.days import plan_watched_reference, refuse_seen_window

AUGUST = Window(date(2024, 8, 1), date(2024, 8, 31))
SPRING = Window(date(2024, 2, 1), date(2024, 7, 31))


def make_model(**days):
    return LenderModel(name="Scorecard 2023", **days)


def test_without_limits_it_is_as_for_a_model_of_ours():
    assert plan_watched_reference(None, AUGUST, make_model()) == SPRING
    june = Window(date(2024, 6, 1), date(2024, 6, 30))
    assert plan_watched_reference(june, AUGUST, make_model(trained_until=date(2024, 5, 31))) == june


@pytest.mark.parametrize(("days", "start"), [
    ({"trained_until": date(2024, 4, 14)}, date(2024, 4, 15)),
    ({"scored_since": date(2024, 7, 1)}, date(2024, 7, 1)),
    ({"trained_until": date(2023, 12, 31), "scored_since": date(2024, 3, 10)}, date(2024, 3, 10)),
])  # fmt: skip
def test_the_usual_reference_is_cut_to_the_days_that_will_do(days, start):
    assert plan_watched_reference(None, AUGUST, make_model(**days)) == Window(start, SPRING.end)


@pytest.mark.parametrize("field", ["trained_until", "scored_since"])
def test_less_than_a_full_month_and_days_that_were_asked_for_are_refused(field):
    model = make_model(**{field: date(2024, 7, 3)})
    with pytest.raises(PlanError, match=f"no full month.*{field}"):
        plan_watched_reference(None, AUGUST, model)
    with pytest.raises(PlanError, match=f"cannot be used.*{field}"):
        plan_watched_reference(SPRING, AUGUST, model)


def test_a_window_that_the_model_was_fitted_on_is_refused():
    refuse_seen_window(AUGUST, make_model(trained_until=date(2024, 7, 31)))
    with pytest.raises(PlanError, match="trained_until"):
        refuse_seen_window(AUGUST, make_model(trained_until=date(2024, 8, 1)))
