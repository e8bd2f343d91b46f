"""The parts of a contract's query give the same answer as the query, whatever stands in the tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from blocks.postgres.connect import Patience, make_engine
from blocks.postgres.errors import DatabaseLostError, SourceMissingError
from tasks.contract.columns import Parts
from tasks.contract.contract import Contract
from tasks.extract.extract import Extract, ExtractError, extract_window
from tasks.source_tables.tables import create_tables
from tests.support.postgres import find_debian_programs, run_postgres
from tests.support.source_rows import CONTRACT, CREDIT, CUSTOMER, LOAN, MAY, insert

WHOLE = CONTRACT.model_copy(update={"parts": None})
TABLES = [source.table for source in CONTRACT.sources]

IDS = st.sampled_from(["l1", "l2", "L1", "l10", "", " ", "é", "Z", None])
OWNERS = st.sampled_from(["c1", "c2", "c3", "C1", " c1", "", None])
WORDS = st.sampled_from(
    ["Loan Given", "loan refused", "LOAN GIVEN ", "", "n/a", "é", "Z", "a,b", 'say "hi"', "x\ny", None]
)
NUMBERS = st.sampled_from(["1", "1.0", "01", " 1", "$1,234.50", "#VALUE!", "inf", "NaN", "", "1e5", "twelve", None])
TIMES = st.one_of(
    st.from_regex(r"(0[129]|1[0-9]|3[01])-0[456]-2015( (0[0-9]|2[0-4]):[0-6]0)?", fullmatch=True),
    st.sampled_from(["16-05-2015 10:00", "16-05-2015 10:01", "2015-05-16T10:00:00Z", "2015-05-16 10:00"]),
    st.sampled_from(
        ["16-05-2015 10:00:30.9", "2015-05-16 10:00:30", " 16-05-2015 10:00 ", "\t16-05-2015 10:00", "16-05-2015\n",
         "2015-05-16 10:00:00+05:30", "2015-05-16 10:00:00+0000", "31-02-2015 10:00", "01-02-9999", "31-12-1899 23:59",
         "2199-12-31 23:59:59.999999", "16-05-2015 10", "16-05-2015T10:00", "soon", "", "NULL", None]
    ),
)  # fmt: skip

LOANS = st.lists(
    st.fixed_dictionaries(
        {"loan_id": IDS, "customer_id": OWNERS, "application_time": TIMES},
        optional={
            "loan_status": WORDS,
            "purpose": WORDS,
            "term": WORDS,
            "tax_liens": NUMBERS,
            "current_loan_amount": NUMBERS,
        },
    ),
    max_size=12,
)
CUSTOMERS = st.lists(
    st.fixed_dictionaries({"customer_id": OWNERS}, optional={"home_ownership": WORDS, "annual_income": NUMBERS}),
    max_size=8,
)
CREDITS = st.lists(
    st.fixed_dictionaries({"customer_id": OWNERS}, optional={"credit_score": NUMBERS, "max_open_credit": NUMBERS}),
    max_size=8,
)


@pytest.fixture(scope="module")
def kept_tables(make_database: Any) -> Any:
    """The three tables, as text, for many examples."""
    engine = make_engine(make_database(), Patience())
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
    yield engine
    engine.dispose()


def fill_tables(engine: Engine, made: tuple[list[dict[str, Any]], ...], random: Any) -> None:
    """The rows of the three tables and nothing else, half of them twice, in any order."""
    empty_tables(engine)
    for table, rows in zip(TABLES, made, strict=True):
        repeated = rows + random.sample(rows, len(rows) // 2)
        insert(engine, table, *random.sample(repeated, len(repeated)))


def empty_tables(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"truncate {', '.join(TABLES)}"))


def assert_same(parts: Extract, whole: Extract) -> None:
    pd.testing.assert_frame_equal(parts.applications, whole.applications)
    assert (parts.repeats, parts.older_versions) == (whole.repeats, whole.older_versions)
    assert (parts.ambiguous, parts.unreadable, parts.undated) == (whole.ambiguous, whole.unreadable, whole.undated)


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(LOANS, CUSTOMERS, CREDITS, st.randoms(use_true_random=False))
def test_parts_and_query_give_the_same_extract(
    kept_tables: Engine,
    loans: list[dict[str, Any]],
    customers: list[dict[str, Any]],
    credits: list[dict[str, Any]],
    random: Any,
) -> None:
    fill_tables(kept_tables, (loans, customers, credits), random)
    assert_same(extract_window(kept_tables, CONTRACT, MAY), extract_window(kept_tables, WHOLE, MAY))


@pytest.mark.slow
def test_the_same_extract_whatever_the_collation() -> None:
    programs = find_debian_programs()
    if programs is None:
        pytest.skip("needs a server that knows a language's order: install PostgreSQL")
    with run_postgres(programs) as (url, _):
        engine = make_engine(url, Patience())
        with engine.begin() as connection:
            create_tables(connection, CONTRACT.sources)
            for source in CONTRACT.sources:
                for name in source.columns:
                    sorted_as = f'alter table {source.table} alter {name} type text collate "en-x-icu"'
                    connection.execute(text(sorted_as))
        for status in ("b", "B", "a", "Á", None):
            loans = (LOAN | {"loan_id": loan_id, "loan_status": status} for loan_id in ("b", "B", "a", "é"))
            insert(engine, "loan_details", *loans)
        insert(engine, "customer_details", CUSTOMER)
        parts, whole = extract_window(engine, CONTRACT, MAY), extract_window(engine, WHOLE, MAY)
        engine.dispose()
    assert_same(parts, whole)
    assert parts.applications["loan_id"].tolist() == ["B", "a", "b", "é"]
    assert parts.applications["loan_status"].tolist() == ["b"] * 4  # of "B", which is before "a" here


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        ("loan_details", "application_time", "timestamptz"),
        ("loan_details", "application_time", "timestamp(3)"),
        ("loan_details", "customer_id", "uuid"),
        ("loan_details", "loan_id", "numeric"),
        ("customer_details", "annual_income", "money"),
        ("customer_details", "annual_income", "numeric"),
        ("credit_details", "credit_score", "double precision"),
        ("customer_details", "home_ownership", "char(20)"),
    ],
)
def test_the_same_extract_of_other_types(engine: Engine, table: str, column: str, kind: str) -> None:
    owner = "5ed66de8-d07c-9efe-4ea1-5b8ab6fd1000"
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
        connection.execute(text(f"alter table {table} alter {column} type {kind} using {column}::{kind}"))
    for loan_id, moment in ((7, "2015-05-31 10:00:00.5"), (10, "2015-05-31 10:00"), (9, "2015-05-31 10:00"), (7, None)):
        row = LOAN | {"loan_id": loan_id, "customer_id": owner, "application_time": moment}
        insert(engine, "loan_details", row, row)
    for income in ("1.0", "1.00", "1.0"):
        insert(engine, "customer_details", CUSTOMER | {"customer_id": owner, "annual_income": income})
        insert(engine, "credit_details", CREDIT | {"customer_id": owner})
    assert_same(extract_window(engine, CONTRACT, MAY), extract_window(engine, WHOLE, MAY))


def make_contract(tmp_path: Any, **files: str) -> Contract:
    """The loans' contract with other parts: files of that name beside it."""
    for name, query in files.items():
        (tmp_path / f"{name}.sql").write_text(query)
    records = tuple(f"{name}.sql" for name in files if name != "loans")
    parts = Parts(applications="loans.sql", records=records)
    return CONTRACT.model_copy(update={"file": tmp_path / "c.toml", "parts": parts})


NAMES = [column.name for column in CONTRACT.columns]


@pytest.mark.parametrize(
    ("loans", "records", "told"),
    [
        ("select loan_id, customer_id from loan_details", "select customer_id from loan_details",
         r"loans\.sql does not return application_time"),
        ("select loan_id, application_time, customer_id from loan_details", "select customer_id from loan_details",
         r"do not return loan_status, current_loan_amount"),
        ("select * from loan_details", "select customer_id, term from loan_details", r"do not return term, home_"),
        ("select * from loan_details", "select term from loan_details", r"more\.sql does not return customer_id"),
        ("select *, 1 as one from loan_details", "select customer_id from loan_details", r"loans\.sql returns one"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_the_contract(engine: Engine, tmp_path: Any, loans: str, records: str, told: str) -> None:
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
    with pytest.raises(ExtractError, match=told):
        extract_window(engine, make_contract(tmp_path, loans=loans, more=records), MAY)


def test_an_error_in_the_middle_of_a_part_is_told(engine: Engine, tmp_path: Any) -> None:
    named = ", ".join(f"'x' as {name}" for name in NAMES if name != "loan_id")
    query = f"select 1 / (200000 - n) as loan_id, {named} from generate_series(1, 300000) as n"
    with pytest.raises(Exception, match="division by zero"):
        extract_window(engine, make_contract(tmp_path, loans=query), MAY)


def test_a_connection_cut_in_a_later_part_is_told(engine: Engine, tmp_path: Any) -> None:
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
    cut = "select customer_id from loan_details where pg_terminate_backend(pg_backend_pid())"
    insert(engine, "loan_details", LOAN)
    with pytest.raises(DatabaseLostError):
        extract_window(engine, make_contract(tmp_path, loans="select * from loan_details", more=cut), MAY)


def test_a_part_names_what_the_database_lacks(engine: Engine) -> None:
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources[:2])
    with pytest.raises(SourceMissingError, match="credit_details"):
        extract_window(engine, CONTRACT, MAY)


def test_applications_alone_are_parts_enough(engine: Engine, tmp_path: Any) -> None:
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
    insert(engine, "loan_details", LOAN, LOAN, LOAN | {"application_time": "soon"})
    others = ", ".join(f"null as {name}" for name in NAMES if name not in CONTRACT.sources[0].columns)
    contract = make_contract(tmp_path, loans=f"select *, {others} from loan_details")
    extract = extract_window(engine, contract, MAY)
    assert (len(extract.applications), extract.repeats, extract.undated) == (1, 1, 1)
    assert list(extract.applications.columns) == NAMES
