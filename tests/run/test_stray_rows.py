"""A row with a wrong year chooses no window, and every command that chooses one says so."""

from __future__ import annotations

import logging
from datetime import date

import pytest
from sqlalchemy import Engine

from blocks.postgres.connect import Database
from flows import score as flow
from tasks.core.findings import Verdict
from tasks.core.held_days import find_usual_days, trust_ends
from tasks.core.policy import MonitorPolicy, SelfCheckPolicy
from tasks.core.windows import Window
from tasks.extract.extract import extract_window
from tasks.quality.check import check_quality
from tasks.quality.times import check_strays, describe_strays
from tasks.run.open import Table, make_job, plan_days
from tasks.run.request import WindowOptions
from tasks.schema.migrate import prepare_schema
from tests.support.flow import run_monitor
from tests.support.source_rows import CONTRACT, LOAN, insert

DECEMBER = Window(date(2024, 12, 1), date(2024, 12, 31))
TABLE = Table(CONTRACT, Database("environment"))
SENTENCE = (
    "2 rows of the table are dated far from the others, 1 of them in the future: 1970-01-01 (1 row), 2142-06-01 (1 row)"
)


@pytest.fixture
def strays(demo: Engine) -> Engine:
    insert(demo, "loan_details", *(LOAN | {"application_time": day} for day in ("01-06-2142 10:00", "1970-01-01")))
    return demo


@pytest.mark.parametrize(
    ("trailing_days", "window"), [(None, DECEMBER), (7, Window(date(2024, 12, 25), date(2024, 12, 31)))]
)
def test_the_window_is_the_usual_one_and_the_log_names_the_rows(strays, caplog, trailing_days, window):
    with caplog.at_level(logging.WARNING, "loanwatch"):
        days = plan_days(TABLE, WindowOptions(), trailing_days, None)
    assert days.window == window
    assert SENTENCE in caplog.text


def test_days_that_were_asked_for_ask_nothing_of_the_table(strays, caplog):
    days = plan_days(TABLE, WindowOptions(start=date(2024, 7, 1), end=date(2024, 7, 31)), None, None)
    assert (days.held, caplog.text) == (None, "")
    assert plan_days(TABLE, WindowOptions(), None, date(2024, 9, 1)).held is None


@pytest.mark.slow
def test_the_finding_names_days_and_the_column_to_correct(strays):
    prepare_schema(strays)
    job = make_job(TABLE, "monitor", plan_days(TABLE, WindowOptions(), None, None), MonitorPolicy())
    findings = check_quality.fn(job, extract_window(strays, CONTRACT, job.window)).findings
    (finding,) = [finding for finding in findings if finding.check == "stray_days"]
    assert (finding.verdict, finding.subject, finding.effect) == (Verdict.WARN, "application_time", 2)
    assert finding.sentence.startswith(SENTENCE)
    assert "usual days are 2024-01-01 to 2024-12-31" in finding.sentence
    assert "Correct application_time of those rows in the source." in finding.sentence


def test_an_unfit_window_names_the_rows_too(strays):
    prepare_schema(strays)
    job = make_job(TABLE, "monitor", plan_days(TABLE, WindowOptions(), None, None), MonitorPolicy())
    empty = extract_window(strays, CONTRACT, Window(date(2025, 3, 1), date(2025, 3, 31)))
    checks = {finding.check: finding.verdict for finding in check_quality.fn(job, empty).findings}
    assert (checks["rows"], checks["stray_days"]) == (Verdict.FAIL, Verdict.WARN)


def test_many_stray_days_are_shortened_and_none_are_a_pass():
    today = date(2026, 1, 1)
    usual = {date(2024, 1, day): 30 for day in range(1, 32)}
    held = find_usual_days(usual | {date(2042, month, 1): 2 for month in range(1, 13)}, today)
    assert "2042-05-01 (2 rows) and 7 more." in describe_strays(CONTRACT, held)
    assert [finding.verdict for finding in check_strays(CONTRACT, find_usual_days(usual, today))] == [Verdict.PASS]
    assert check_strays(CONTRACT, trust_ends(date(2024, 1, 1), date(2024, 1, 31), today)) == []
    assert check_strays(CONTRACT, None) == []


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_whole_run_without_dates(strays, tmp_path, caplog):
    _, summary = run_monitor(tmp_path, policy=MonitorPolicy(self_check=SelfCheckPolicy(splits=0)))
    assert (summary["window"]["start"], summary["window"]["end"]) == ("2024-12-01", "2024-12-31")
    assert summary["outcome"] != "quality_failed"
    assert SENTENCE in " ".join(finding["sentence"] for finding in summary["findings"])
    caplog.clear()
    assert flow.score(trailing_days=7)["window"] == {"start": "2024-12-25", "end": "2024-12-31"}
    assert SENTENCE in caplog.text
