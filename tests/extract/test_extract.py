"""Extraction: small cases on a real PostgreSQL, each with what it shows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from blocks.postgres.errors import SourceMissingError, WriteRefusedError
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.held_days import HeldDays
from tasks.core.windows import Window
from tasks.extract.extract import Extract, ExtractError, extract_window
from tasks.extract.held_days import find_held_days
from tasks.source_tables.tables import create_tables
from tests.support import second_lender
from tests.support.source_rows import CONTRACT, CREDIT, CUSTOMER, LOAN, MAY, insert

TODAY = date(2026, 1, 1)


@pytest.fixture
def tables(engine: Engine) -> Engine:
    """The three source tables, empty, every column as text."""
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
    return engine


def extract_one(engine: Engine, loan: dict[str, Any] | None = None, **others: Any) -> Extract:
    """Extract May with one loan, one customer and one credit record in the tables, changed as told."""
    insert(engine, "loan_details", LOAN | (loan or {}))
    insert(engine, "customer_details", CUSTOMER | others.get("customer", {}))
    insert(engine, "credit_details", CREDIT | others.get("credit", {}))
    return extract_window(engine, CONTRACT, MAY)


def test_one_row_has_exactly_the_contracts_columns_and_types(tables: Engine) -> None:
    extract = extract_one(tables)
    frame = extract.applications
    assert list(frame.columns) == [column.name for column in CONTRACT.columns]
    types = {"number": "float64", "category": "category", "time": "datetime64[ns]", "text": "str"}
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        column.name: types[column.type] for column in CONTRACT.columns
    }
    row = frame.iloc[0]
    assert row["application_time"] == pd.Timestamp(2015, 5, 16, 10)
    assert (row["loan_status"], row["term"], row["purpose"]) == ("loan given", "short term", "buy a car")
    assert (row["home_ownership"], row["monthly_debt"]) == ("home mortgage", 1234.50)
    assert row["current_loan_amount"] == 99999999  # a special value is the preparation's business
    assert pd.isna(row["bankruptcies"])
    assert (extract.unreadable, extract.repeats, extract.older_versions) == ({}, 0, 0)
    assert (extract.ambiguous, extract.undated) == ((), 0)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("01-05-2015 00:00", "2015-05-01 00:00:00"),  # the first day is in
        ("31-05-2015 23:59", "2015-05-31 23:59:00"),  # the last one, to its last minute
        ("31-05-2015 23:59:59", "2015-05-31 23:59:59"),
        ("2015-05-31 23:59:59.999", "2015-05-31 23:59:59"),
        ("30-04-2015 23:59", None),
        ("01-06-2015 00:00", None),
        ("2015-05-16", "2015-05-16"),  # an ISO date
        ("16-05-2015", "2015-05-16"),
        (" 2015-05-16T10:20:30Z ", "2015-05-16 10:20:30"),
        ("2015-05-16 10:20:30+00", "2015-05-16 10:20:30"),
    ],
)
def test_days_and_times(tables: Engine, stated: str, expected: str | None) -> None:
    extract = extract_one(tables, {"application_time": stated})
    times = extract.applications["application_time"].tolist()
    assert times == ([] if expected is None else [pd.Timestamp(expected)])
    assert extract.undated == 0


@pytest.mark.parametrize(
    "stated", ["31-02-2015 10:00", "2015-05-16 24:00", "16-05-2015 10:60", "05/16/2015", "soon", "", None, "16-05-15"]
)
def test_times_that_do_not_exist_are_undated(tables: Engine, stated: str | None) -> None:
    extract = extract_one(tables, {"application_time": stated})
    assert (len(extract.applications), extract.undated) == (0, 1)
    assert find_held_days(tables, CONTRACT, TODAY) is None


@pytest.mark.parametrize(
    ("others", "rows", "repeats", "older", "status"),
    [
        ([{}], 1, 1, 0, "loan given"),  # an exact repeat collapses
        ([{}, {}], 1, 2, 0, "loan given"),
        ([{"application_time": "17-05-2015 09:00", "loan_status": "loan refused"}], 1, 0, 1, "loan refused"),
        ([{"application_time": "15-05-2015 09:00", "loan_status": "loan refused"}], 1, 0, 1, "loan given"),
        # A version after the window never changes it; nor does one before.
        ([{"application_time": "01-06-2015 00:00", "loan_status": "loan refused"}], 1, 0, 0, "loan given"),
        ([{"application_time": "30-04-2015 00:00", "loan_status": "loan refused"}], 1, 0, 0, "loan given"),
        # At the same time, one that has a decision counts.
        ([{"loan_status": None}], 1, 0, 1, "loan given"),
        ([{"application_time": "17-05-2015 09:00"}] * 2, 1, 1, 1, "loan given"),
    ],
)
def test_repeats_and_versions(
    tables: Engine, others: list[dict[str, Any]], rows: int, repeats: int, older: int, status: str
) -> None:
    insert(tables, "loan_details", *(LOAN | other for other in others))
    extract = extract_one(tables)
    assert (len(extract.applications), extract.repeats, extract.older_versions) == (rows, repeats, older)
    assert extract.applications["loan_status"].tolist() == [status]


def test_the_choice_between_versions_does_not_depend_on_the_order_of_the_rows(tables: Engine) -> None:
    versions = [LOAN | {"purpose": purpose} for purpose in ("other", "buy house", "moving")]
    insert(tables, "loan_details", *versions)
    first = extract_window(tables, CONTRACT, MAY).applications
    with tables.begin() as connection:
        connection.execute(text("truncate loan_details"))
    insert(tables, "loan_details", *reversed(versions))
    assert extract_window(tables, CONTRACT, MAY).applications["purpose"].tolist() == first["purpose"].tolist()


@pytest.mark.parametrize(
    ("table", "record"),
    [("customer_details", CUSTOMER | {"annual_income": None}), ("credit_details", CREDIT | {"credit_score": "500"})],
)
def test_a_customer_with_conflicting_records_is_ambiguous(tables: Engine, table: str, record: dict[str, Any]) -> None:
    insert(tables, table, record)
    extract = extract_one(tables)
    row = extract.applications.iloc[0]
    assert extract.ambiguous == ("l1",)
    assert row[["home_ownership", "annual_income", "credit_score", "monthly_debt"]].isna().all()
    assert row["loan_status"] == "loan given"


def test_exact_repeats_of_a_customers_records_are_no_conflict(tables: Engine) -> None:
    insert(tables, "customer_details", CUSTOMER, CUSTOMER)
    insert(tables, "credit_details", CREDIT)
    extract = extract_one(tables)
    assert (len(extract.applications), extract.ambiguous, extract.repeats) == (1, (), 0)
    assert extract.applications["annual_income"].tolist() == [50000]


@pytest.mark.parametrize("customer", ["c2", None, ""])
def test_a_loan_without_customer_record_stays(tables: Engine, customer: str | None) -> None:
    extract = extract_one(tables, {"customer_id": customer})
    assert extract.applications["home_ownership"].isna().tolist() == [True]
    assert extract.applications["customer_id"].fillna("none").tolist() == ["none" if customer is None else customer]
    assert extract.ambiguous == ()


@pytest.mark.parametrize(
    ("written", "number", "is_unreadable"),
    [
        ("$1,234.50", 1234.5, False),
        ("1,234", 1234, False),
        (" 12 ", 12, False),
        ("-1.5e3", -1500, False),
        ("NaN", None, False),
        ("", None, False),
        (None, None, False),
        ("#VALUE!", None, True),
        ("inf", None, True),
        ("1e999", None, True),
        ("1234,50", None, True),  # not a hundred times as much
        ("twelve", None, True),
    ],
)
def test_numbers(tables: Engine, written: str | None, number: float | None, is_unreadable: bool) -> None:
    extract = extract_one(tables, credit={"max_open_credit": written})
    value = extract.applications["max_open_credit"].iloc[0]
    assert pd.isna(value) if number is None else value == number
    assert set(extract.unreadable) == ({"max_open_credit"} if is_unreadable else set())
    if is_unreadable:
        found = extract.unreadable["max_open_credit"]
        assert (found.count, found.examples) == (1, ("l1",))


def test_unreadable_values_are_counted_and_five_are_named(tables: Engine) -> None:
    insert(tables, "loan_details", *(LOAN | {"loan_id": f"l{n}", "tax_liens": f"x{n}"} for n in range(8)))
    found = extract_window(tables, CONTRACT, MAY).unreadable["tax_liens"]
    assert (found.count, found.examples) == (8, ("l0", "l1", "l2", "l3", "l4"))


@pytest.mark.parametrize(
    "odd",
    [
        'say "hi", twice',
        "two\nlines",
        "a\r\nb",
        "\\N",
        "\\.",
        "ünï ☃ 漢",
        "'; drop table loan_details; --",
        "a\tb",
        "%s",
    ],
)
def test_odd_text_arrives_as_it_is(tables: Engine, odd: str) -> None:
    frame = extract_one(tables, {"loan_id": odd, "purpose": odd}).applications
    assert frame["loan_id"].tolist() == [odd]
    assert frame["purpose"].tolist() == [odd.strip().lower()]


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz", "date"])
def test_real_times_and_numbers_in_the_tables(engine: Engine, kind: str) -> None:
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
        connection.execute(
            text(f"alter table loan_details alter application_time type {kind} using application_time::{kind}")
        )
        for table, column, new in [
            ("loan_details", "loan_id", "bigint"),
            ("loan_details", "customer_id", "integer"),
            ("customer_details", "customer_id", "numeric"),
            ("credit_details", "customer_id", "bigint"),
            ("credit_details", "monthly_debt", "numeric(12, 2)"),
            ("credit_details", "credit_score", "double precision"),
            ("customer_details", "annual_income", "money"),
        ]:
            connection.execute(text(f"alter table {table} alter {column} type {new} using {column}::{new}"))
    insert(engine, "loan_details", LOAN | {"loan_id": 7, "customer_id": 1, "application_time": "2015-05-31 00:00"})
    insert(engine, "customer_details", CUSTOMER | {"customer_id": 1, "annual_income": "1234.5"})
    insert(engine, "credit_details", CREDIT | {"customer_id": 1, "monthly_debt": 99.5, "credit_score": 740.25})
    extract = extract_window(engine, CONTRACT, MAY)
    row = extract.applications.iloc[0]
    assert row["application_time"] == pd.Timestamp(2015, 5, 31)
    assert (row["loan_id"], row["customer_id"]) == ("7", "1")
    assert (row["annual_income"], row["monthly_debt"], row["credit_score"]) == (1234.5, 99.5, 740.25)
    assert extract.undated == 0
    assert find_held_days(engine, CONTRACT, TODAY) == HeldDays(date(2015, 5, 31), date(2015, 5, 31), (), TODAY)


def test_an_empty_window_has_the_same_columns_and_types(tables: Engine) -> None:
    empty = extract_window(tables, CONTRACT, MAY).applications
    assert len(empty) == 0
    filled = extract_one(tables).applications
    assert list(empty.columns) == list(filled.columns)
    assert [str(kind) for kind in empty.dtypes] == [str(kind) for kind in filled.dtypes]


def test_rows_come_in_the_order_of_their_times(tables: Engine) -> None:
    days = [20, 3, 12]
    insert(
        tables, "loan_details",
        *(LOAN | {"loan_id": f"l{day}", "application_time": f"{day:02}-05-2015 10:00"} for day in days),
    )  # fmt: skip
    assert extract_window(tables, CONTRACT, MAY).applications["loan_id"].tolist() == ["l3", "l12", "l20"]
    assert find_held_days(tables, CONTRACT, TODAY) == HeldDays(date(2015, 5, 3), date(2015, 5, 20), (), TODAY)


def test_another_lenders_table(engine: Engine) -> None:
    contract = load_contract(second_lender.CONTRACT)
    requests = second_lender.make_requests(months=2)
    second_lender.fill_table(engine, requests)
    january = Window(date(2023, 1, 1), date(2023, 1, 31))
    frame = extract_window(engine, contract, january).applications
    assert len(frame) == (requests["asked_at"] < "2023-02-01").sum()
    assert frame["yearly_salary"].sum() == pytest.approx(requests["yearly_salary"][: len(frame)].sum())
    held = find_held_days(engine, contract, TODAY)
    ends = requests["asked_at"].min().date(), requests["asked_at"].max().date()
    assert held == HeldDays(*ends, (), TODAY)


def make_contract(tmp_path: Any, query: str) -> Contract:
    (tmp_path / "q.sql").write_text(query)
    update = {"file": tmp_path / "c.toml", "query": "q.sql", "undated_query": None, "parts": None}
    return CONTRACT.model_copy(update=update)


def test_missing_tables_and_columns_say_what_to_do(engine: Engine) -> None:
    with pytest.raises(SourceMissingError, match=r"loan_details.*flows\.load"):
        extract_window(engine, CONTRACT, MAY)


def test_a_dropped_source_column_is_named(tables: Engine) -> None:
    with tables.begin() as connection:
        connection.execute(text("alter table credit_details drop bankruptcies"))
    with pytest.raises(SourceMissingError, match="bankruptcies"):
        extract_window(tables, CONTRACT, MAY)


def test_a_query_that_lacks_a_column_of_the_contract(tables: Engine, tmp_path: Any) -> None:
    contract = make_contract(tmp_path, "select loan_id, customer_id from loan_details;")
    with pytest.raises(ExtractError, match=r"q\.sql does not return application_time, loan_status"):
        extract_window(tables, contract, MAY)


def test_a_query_cannot_write(tables: Engine, tmp_path: Any) -> None:
    insert(tables, "loan_details", LOAN)
    contract = make_contract(tmp_path, "delete from loan_details returning *")
    with pytest.raises(WriteRefusedError):
        extract_window(tables, contract, MAY)
    with tables.connect() as connection:
        assert connection.execute(text("select count(*) from loan_details")).scalar() == 1


@pytest.mark.slow
def test_an_error_in_the_middle_of_the_answer_is_told(tables: Engine, tmp_path: Any) -> None:
    named = ", ".join(f"'x' as {column.name}" for column in CONTRACT.columns if column.name != "loan_id")
    query = f"select 1 / (200000 - n) as loan_id, {named} from generate_series(1, 300000) as n"
    with pytest.raises(Exception, match="division by zero"):
        extract_window(tables, make_contract(tmp_path, query), MAY)


def test_loans_without_an_id_are_not_versions_of_one_another(tables: Engine) -> None:
    insert(tables, "loan_details", LOAN | {"loan_id": None}, LOAN | {"loan_id": None, "purpose": "other"})
    extract = extract_window(tables, CONTRACT, MAY)
    assert extract.applications["loan_id"].isna().tolist() == [True, True]
    assert (extract.repeats, extract.older_versions) == (0, 0)
