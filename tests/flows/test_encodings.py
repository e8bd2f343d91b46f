"""A whole run in a database of another encoding."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from blocks.postgres.connect import Patience, make_engine
from tasks.contract.load import load_contract
from tasks.core.policy import MonitorPolicy, TrainPolicy
from tasks.core.windows import Window
from tasks.extract.extract import extract_window
from tests.support.flow import month, run_monitor
from tests.support.second_lender import CONTRACT, fill_table, make_requests

QUICK = MonitorPolicy(train=TrainPolicy(forest_trees=20, boosting_rounds=40, folds=2))
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]


def test_a_latin1_database_is_monitored_as_any_other(make_database, monkeypatch, tmp_path):
    url = make_database(encoding="LATIN1")
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", url.render_as_string(hide_password=False))
    engine = make_engine(url, Patience())
    requests = make_requests()
    requests["age_band"] = requests["age_band"].replace("under 30", "moins de trente années")
    in_july = requests["asked_at"] >= "2023-07-01"
    requests.loc[in_july, "wanted_limit"] *= 2
    fill_table(engine, requests)
    reference = {"reference_start": date(2023, 1, 1), "reference_end": date(2023, 6, 30)}
    _, summary = run_monitor(tmp_path, **month(2023, 7), **reference, contract=CONTRACT, policy=QUICK)
    assert summary["verdicts"]["data"] == "fail"
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from loanwatch.finding")).scalar()
    july = Window(date(2023, 7, 1), date(2023, 7, 31))
    ages = extract_window(engine, load_contract(CONTRACT), july).applications["age_band"]
    assert "moins de trente années" in set(ages)
    engine.dispose()
    make_database.drop(url)
