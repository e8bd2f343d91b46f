"""The demo: the same every time, true to its story, and filled in only where nothing else is."""

from __future__ import annotations

import logging

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from blocks.errors import UsageError
from blocks.postgres.connect import Database
from tasks.contract.load import load_contract
from tasks.core.windows import month_of
from tasks.demo.fill import fill_demo
from tasks.demo.generator import make_applications
from tasks.demo.story import CHAMPION_MONTHS, STORY
from tasks.extract.extract import extract_window
from tests.support import second_lender

CONTRACT = load_contract("loan_applications")
EMBEDDED = Database("embedded", "nowhere")


@pytest.fixture
def filled(engine: Engine) -> Engine:
    assert fill_demo(engine, EMBEDDED, CONTRACT)
    return engine


def test_the_same_seed_makes_the_same_tables_and_months_do_not_depend_on_those_after() -> None:
    one, same = make_applications(months=2, per_month=50), make_applications(months=2, per_month=50)
    shorter, other = make_applications(months=1, per_month=50), make_applications(seed=1, months=2, per_month=50)
    for table, rows in one.items():
        assert rows.equals(same[table])
        assert rows.iloc[: len(shorter[table])].equals(shorter[table])
        assert not rows.equals(other[table])


@pytest.mark.parametrize("arguments", [{"months": 0}, {"months": 13}, {"per_month": 0}])
def test_what_the_demo_has_not(arguments: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        make_applications(**arguments)


@pytest.mark.slow
def test_the_source_tables_are_as_dirty_as_a_lenders(filled: Engine) -> None:
    tables = make_applications()
    loans, customers, credits = (tables[source.table] for source in CONTRACT.sources)
    assert loans.duplicated().mean() == pytest.approx(0.02, abs=0.005)
    assert 1 - loans["customer_id"].isin(customers["customer_id"]).mean() == pytest.approx(0.36, abs=0.01)
    assert credits["monthly_debt"].str.startswith("$").mean() == pytest.approx(0.10, abs=0.01)
    assert (credits["max_open_credit"] == "#VALUE!").mean() == pytest.approx(0.01, abs=0.003)
    assert (customers["home_ownership"] == "HaveMortgage").any()
    assert (loans["loan_status"].dropna() != loans["loan_status"].dropna().str.lower()).any()
    assert loans["application_time"].str.fullmatch(r"\d\d-\d\d-2024 \d\d:\d\d").all()
    assert credits["credit_score"].isna().mean() > 0.2


def read_medians(applications: pd.DataFrame) -> pd.Series:
    stated = applications[["annual_income", "monthly_debt", "current_loan_amount"]].replace(99_999_999, None)
    return stated.astype(float).median()


@pytest.mark.slow
def test_the_months_tell_the_story(filled: Engine) -> None:
    by_month = {
        month: extract_window(filled, CONTRACT, month_of(f"{month.first_day:%Y-%m}")).applications for month in STORY
    }
    usual = read_medians(pd.concat([by_month[month] for month in CHAMPION_MONTHS]))
    for month, applications in by_month.items():
        assert len(applications) == 2_000
        factors = [month.income_factor, month.written_debt_factor, month.amount_factor]
        assert (read_medians(applications) / usual).tolist() == pytest.approx(factors, rel=0.08)
        given = (applications["loan_status"] == "loan given").sum() / applications["loan_status"].notna().sum()
        assert given == pytest.approx(0.75, abs=0.06)


@pytest.mark.slow
def test_it_is_filled_in_once_and_says_so(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="loanwatch"):
        assert fill_demo(engine, EMBEDDED, CONTRACT)
    assert "synthetic applications" in caplog.text
    assert not fill_demo(engine, EMBEDDED, CONTRACT)


@pytest.mark.parametrize("place", [Database("environment"), Database("block", "loans-postgres")])
def test_no_lenders_database_is_filled(engine: Engine, place: Database) -> None:
    assert not fill_demo(engine, place, CONTRACT)


def test_another_contract_or_one_table_that_is_there_keeps_the_demo_out(engine: Engine) -> None:
    assert not fill_demo(engine, EMBEDDED, load_contract(second_lender.CONTRACT))
    with engine.begin() as connection:
        connection.execute(text("create table credit_details (customer_id text)"))
    assert not fill_demo(engine, EMBEDDED, CONTRACT)
