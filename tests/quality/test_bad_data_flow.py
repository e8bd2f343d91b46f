"""Bad data through the whole monitor: a clear ending, no promotion, and nothing of it run or rendered.

One first champion of two good months; each case then spoils March in a copy of that database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import URL

from blocks.postgres.connect import Patience, make_engine
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy, TrainPolicy
from tests.support.flow import month, run_monitor

pytestmark = [pytest.mark.bad_input, pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

QUICK = MonitorPolicy(
    train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2),
    self_check=SelfCheckPolicy(splits=0),
)
MARCH = "customer_id in (select customer_id from loan_details where application_time like '%-03-2024%')"
LOANS_OF_MARCH = "application_time like '%-03-2024%'"


@dataclass(frozen=True)
class Spoilt:
    """A statement, the outcome of its run, and the reason why it is tried."""

    name: str
    statement: str
    outcome: str
    why: str


UNFIT, KEPT, UNDECIDED = "quality_failed", "kept", "undecided"
CASES = [
    Spoilt("empty", f"delete from loan_details where {LOANS_OF_MARCH}", UNFIT, "nothing came"),
    Spoilt("one_decision", f"update loan_details set loan_status = 'loan given' where {LOANS_OF_MARCH}", KEPT,
           "the rate has changed, and days of one class test no challenger"),
    Spoilt("text", f"update customer_details set annual_income = 'much' where {MARCH}", UNFIT, "text among numbers"),
    Spoilt("other_words", f"update loan_details set loan_status = 'ja' where {LOANS_OF_MARCH}", UNFIT, "other labels"),
    Spoilt("undecided", f"update loan_details set loan_status = null where {LOANS_OF_MARCH}", UNDECIDED,
           "without decisions nothing can be trained"),
    Spoilt("flipped", f"update loan_details set loan_status = case when lower(loan_status) like '%given%' then "
           f"'loan refused' else 'loan given' end where {LOANS_OF_MARCH}", KEPT,
           "a model of flipped decisions must not go into production"),
    Spoilt("income_by_thousand", f"update customer_details set annual_income = annual_income || '000' where {MARCH}",
           KEPT, "nor may one of broken units"),
    Spoilt("scripts", f"update loan_details set purpose = '<script>alert(1)</script>' where {LOANS_OF_MARCH}", KEPT,
           "a word of the data is never part of a page's code"),
    Spoilt("free_text", f"update loan_details set purpose = md5(loan_id) where {LOANS_OF_MARCH}", KEPT,
           "as many words as rows must not hang a run"),
]  # fmt: skip


@pytest.fixture(scope="module")
def watched(make_database, demo_database, tmp_path_factory) -> tuple[URL, Path]:
    """A database with a champion of January and February, and the folder of its model."""
    url, folder = make_database(template=demo_database), tmp_path_factory.mktemp("watched")
    reference = {"reference_start": date(2024, 1, 1), "reference_end": date(2024, 2, 29)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
        _, summary = run_monitor(folder, **month(2024, 3), **reference, policy=QUICK)
    assert summary["champion_after"] == 1
    return url, folder


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_data_ends_clearly_and_promotes_nothing(make_database, watched, monkeypatch, tmp_path, case: Spoilt):
    template, folder = watched
    url = make_database(template=template)
    engine = make_engine(url, Patience())
    with engine.begin() as connection:
        connection.exec_driver_sql(case.statement.replace("%", "%%"))
    engine.dispose()
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    state, summary = run_monitor(tmp_path, **month(2024, 3), models=str(folder / "models"), policy=QUICK)
    assert state.is_completed()
    assert summary["outcome"] == case.outcome, case.why
    assert summary["champion_after"] == (None if case.outcome == UNFIT else 1)
    told = [finding for finding in summary["findings"] if finding["verdict"] in ("fail", "not_enough_data", "not_run")]
    assert told, case.why
    for page in Path(summary["results"]).glob("*.html"):
        assert "<script>alert(1)" not in page.read_text(encoding="utf-8"), page.name
