"""Changes over months, with a real database: an alarm, then known; what a person says of it; and another change."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from flows import settle
from tasks.core.policy import MonitorPolicy
from tasks.registry.entries import read_ledger
from tasks.registry.ledger import verify_ledger
from tasks.registry.versions import find_current
from tests.support.flow import month, run_monitor

CONTRACT = "loan_applications"
QUICK = MonitorPolicy.model_validate(
    {"train": {"forest_trees": 10, "boosting_rounds": 30, "folds": 3}, "self_check": {"splits": 0}}
)
INCOME = "data/annual_income"

RAISE_INCOMES = """
update customer_details set annual_income = round(annual_income::numeric * 1.2)::text
where customer_id in (
    select customer_id from loan_details
    where to_date(application_time, 'DD-MM-YYYY') between '2024-09-01' and '2024-11-30'
)
"""


def find(summary: dict, subject: str, check: str = "distribution") -> dict:
    return next(f for f in summary["findings"] if (f["subject"], f["check"]) == (subject, check))


@pytest.mark.slow
def test_a_life_with_a_change_that_stays_and_another_one(demo: Engine, tmp_path, capsys):
    """August to November: incomes rise for good, the rule changes in October, debts are wrong in November."""
    with demo.begin() as connection:
        connection.execute(text(RAISE_INCOMES))

    _, august = run_monitor(tmp_path, **month(2024, 8), policy=QUICK)
    assert august["outcome"] == "kept"
    assert find(august, "annual_income")["verdict"] == "fail"

    _, september = run_monitor(tmp_path, **month(2024, 9), policy=QUICK)
    income = find(september, "annual_income")
    assert (september["outcome"], september["verdicts"]["data"]) == ("stable", "known")
    assert "1 known change persists" in september["reason"]
    assert income["verdict"] == "known"
    assert income["answer"]["job_id"] == august["job_id"]
    assert income["answer"]["since"].startswith("2024-08")
    page = (tmp_path / "results" / september["job_id"] / "report.html").read_text(encoding="utf-8")
    assert "Known changes" in page
    assert "No new change." in page
    with demo.connect() as connection:
        told = connection.execute(text("select title from loanwatch.alert order by created_at")).scalars().all()
    assert [title.rsplit(" ", maxsplit=1)[-1] for title in told] == ["kept"]  # September had nothing to say

    # A committee opens it again, without who and why first.
    assert settle.command(INCOME, reopen=True) == 2
    assert "who decides and why" in capsys.readouterr().err
    assert settle.command("data/shoe_size", who="committee", why="because") == 2
    assert INCOME in capsys.readouterr().err
    assert settle.command() == 0
    assert "known" in capsys.readouterr().out
    assert settle.command(INCOME, who="the committee", why="No campaign.", run=august["job_id"], reopen=True) == 0
    _, again = run_monitor(tmp_path, **month(2024, 9), policy=QUICK)
    assert again["verdicts"]["data"] == "fail"

    # In October the rule changes; the incomes are as in September, which has answered them anew.
    _, october = run_monitor(tmp_path, **month(2024, 10), policy=QUICK)
    assert october["verdicts"]["data"] == "known"
    assert (october["verdicts"]["concept"], october["outcome"]) == ("fail", "promoted")
    assert set(october["comparison"]["candidates"]) > {"gradient_boosting", "random_forest"}
    assert october["comparison"]["recipe"] in ("recent_days", "marked_days")

    # The new champion is compared with October: what was new there is as it should be now.
    _, november = run_monitor(tmp_path, **month(2024, 11), policy=QUICK)
    assert november["reference"]["start"] == "2024-10-01"
    assert november["champion"]["metrics"]["regime"]["rule_since"] == "2024-10-01"
    assert find(november, "annual_income")["verdict"] in ("pass", "warn")
    assert find(november, "monthly_debt")["verdict"] == "fail"
    assert november["outcome"] == "kept"  # a changed unit promotes nothing
    card = (tmp_path / "models").glob("*after-1*/card.md")
    assert "the test days included" in next(card).read_text(encoding="utf-8")

    with demo.connect() as connection:
        assert verify_ledger(read_ledger(connection, CONTRACT), find_current(connection, CONTRACT)) == []
        query = text("select title, payload::text as payload from loanwatch.alert order by created_at")
        messages = connection.execute(query).all()
    # The first September, in which nothing was new, and only that, sent nothing; a change opened again is told.
    ended = [message.title.removeprefix("loan_applications ") for message in messages]
    assert ended == [
        "2024-08-01 to 2024-08-31: kept",
        "loan_applications: a change was settled; version 1 stays in production",
        "2024-09-01 to 2024-09-30: kept",
        "2024-10-01 to 2024-10-31: promoted",
        "2024-11-01 to 2024-11-30: kept",
    ]
    assert "annual_income: since 2024-09" in messages[3].payload


@pytest.mark.slow
def test_a_replay_knows_what_was_known_then_and_answers_nothing(demo: Engine, tmp_path):
    with demo.begin() as connection:
        connection.execute(text(RAISE_INCOMES))
    run_monitor(tmp_path, **month(2024, 7), policy=QUICK)
    _, replay = run_monitor(tmp_path, **month(2024, 8), policy=QUICK, may_promote=False)
    assert replay["verdicts"]["data"] == "fail"
    _, september = run_monitor(tmp_path, **month(2024, 9), policy=QUICK)
    assert september["verdicts"]["data"] == "fail"  # nobody has answered August
    _, august = run_monitor(tmp_path, **month(2024, 8), policy=QUICK)
    assert august["verdicts"]["data"] == "fail"  # a later answer is not known yet
