"""A daily schedule: a broken column is told on the next day, dated, and known from then on."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine, text

from tasks.core.policy import MonitorPolicy
from tests.support.flow import run_monitor

DAILY = MonitorPolicy.model_validate(
    {
        "train": {"forest_trees": 10, "boosting_rounds": 30, "folds": 3},
        "self_check": {"splits": 0},
        "drift": {"cadence": "daily"},
    }
)


def find(summary: dict, check: str) -> dict:
    return next(f for f in summary["findings"] if (f["subject"], f["check"]) == ("monthly_debt", check))


BREAK_DEBTS = """
update credit_details set monthly_debt = (regexp_replace(monthly_debt, '[$, ]', '', 'g')::numeric * 12)::text
where monthly_debt ~ '[0-9]' and customer_id in (
    select customer_id from loan_details where to_date(application_time, 'DD-MM-YYYY') >= '2024-07-10'
)
"""


@pytest.mark.slow
def test_a_broken_unit_is_told_after_a_day_and_known_after_two(demo: Engine, tmp_path):
    """Debts are recorded twelve times too high from 10 July on. A trailing month holds a day of them, then two."""
    with demo.begin() as connection:
        connection.execute(text(BREAK_DEBTS))
    before = {"reference_start": date(2024, 1, 1), "reference_end": date(2024, 5, 31)}
    _, quiet = run_monitor(tmp_path, start=date(2024, 6, 10), end=date(2024, 7, 9), policy=DAILY, **before)
    assert quiet["outcome"] == "stable"

    _, first = run_monitor(tmp_path, start=date(2024, 6, 11), end=date(2024, 7, 10), policy=DAILY)
    told = find(first, "distribution")
    assert (first["outcome"], told["verdict"]) == ("kept", "fail")
    assert told["sentence"].startswith("In the last day:")
    assert told["onset"]["day"] == "2024-07-10"

    _, second = run_monitor(tmp_path, start=date(2024, 6, 12), end=date(2024, 7, 11), policy=DAILY)
    lasting = find(second, "distribution")
    assert lasting["verdict"] == "known"
    assert lasting["answer"]["job_id"] == first["job_id"]
    assert lasting["answer"]["since"] == "2024-07-10"
