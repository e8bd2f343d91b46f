"""Tables, views and materialised views are described as they are, and their drafted query returns their rows."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, text

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Patience, make_engine
from tasks.contract.load import load_contract
from tasks.core.windows import Window
from tasks.describe.describe import describe_tables
from tasks.describe.draft import Answers
from tasks.describe.read_relations import RelationError, RelationReader
from tasks.describe.write_contract import write_contract
from tasks.describe.write_query import write_query
from tasks.extract.extract import extract_window
from tasks.extract.held_days import find_held_days

ROWS, FIRST = 900, date(2024, 1, 1)
WINDOW = Window(date(2024, 2, 1), date(2024, 2, 29))
# Three applications in each eight hours of a day.
IN_WINDOW = 3 * 29

BERLIN = "(timestamp '2024-01-01' + n * interval '8 hours') at time zone 'Europe/Berlin'"
TIMES = {
    "timestamp": "timestamp '2024-01-01' + n * interval '8 hours'",
    "timestamptz": "(timestamp '2024-01-01' + n * interval '8 hours') at time zone 'Europe/Berlin'",
    "date": "date '2024-01-01' + n / 3",
    "iso text": "to_char(timestamp '2024-01-01' + n * interval '8 hours', 'YYYY-MM-DD HH24:MI:SS')",
    "day first text": "to_char(timestamp '2024-01-01' + n * interval '8 hours', 'DD-MM-YYYY HH24:MI')",
    "month first text": "to_char(timestamp '2024-01-01' + n * interval '8 hours', 'MM/DD/YYYY')",
    "named month": "to_char(timestamp '2024-01-01' + n * interval '8 hours', 'DD-Mon-YY')",
    "unix": f"extract(epoch from {BERLIN})::bigint",
    "unix milliseconds": f"(1000 * extract(epoch from {BERLIN}))::bigint",
    "days": "(date '2024-01-01' + n / 3 - date '1960-01-01')::integer",
}  # fmt: skip


def fill(engine: Engine, time: str, relation: str = '"Lending"."Loan Requests"') -> None:
    """A table with capitals, blanks and other letters in its names."""
    with engine.begin() as connection:
        connection.execute(text('create schema if not exists "Lending"'))
        connection.execute(
            text(
                f'create table {relation} as select \'R\' || n as "Request No", {time} as "Applied Date", '
                "case when n % 3 = 0 then 'refused' else 'approved' end as \"Größe: Status\", "
                "(n * 37 % 1000)::numeric as \"Amount %\", case when n % 2 = 0 then 'web' else 'branch' end as channel "
                f"from generate_series(0, {ROWS - 1}) as n"
            )
        )


def draft(engine: Engine, tmp_path, *names: str, **said: str):
    """The contract of what is described, and how many columns were left out."""
    reader = RelationReader(engine, names)
    answers = Answers(name="lender", timezone="Europe/Berlin", **{"target": "Größe: Status", **said})
    drafted = describe_tables([reader.sample(source.table) for source in reader.sources], answers, reader.read_keys)
    (tmp_path / "lender.toml").write_text(write_contract(drafted), encoding="utf-8")
    (tmp_path / "lender.sql").write_text(
        write_query(drafted, {source.table: source for source in reader.sources}), encoding="utf-8"
    )
    return load_contract(str(tmp_path / "lender.toml"))


@pytest.mark.parametrize("kind", TIMES)
def test_any_kind_of_time_finds_its_window(engine, tmp_path, kind):
    fill(engine, TIMES[kind])
    contract = draft(engine, tmp_path, "Lending.Loan Requests")
    extract = extract_window(engine, contract, WINDOW)
    assert len(extract.applications) == IN_WINDOW
    times = extract.applications[contract.time.name]
    assert (times.min().date(), times.max().date()) == (WINDOW.start, WINDOW.end)
    held = find_held_days(engine, contract, date(2026, 1, 1))
    assert (held.first, held.last) == (FIRST, FIRST + timedelta(days=ROWS // 3 - 1))


def test_a_month_column_is_found_by_the_first_of_the_month(engine, tmp_path):
    fill(engine, "to_char(timestamp '2024-01-01' + n * interval '8 hours', 'Mon-YYYY')")
    contract = draft(engine, tmp_path, "Lending.Loan Requests")
    assert len(extract_window(engine, contract, WINDOW).applications) == IN_WINDOW


@pytest.mark.parametrize("kind", ["view", "materialized view"])
@pytest.mark.parametrize("name", ["Lending.All Requests", '"Lending"."All Requests"'])
def test_views_are_described_like_tables(engine, tmp_path, kind, name):
    fill(engine, TIMES["timestamp"])
    with engine.begin() as connection:
        connection.execute(text(f'create {kind} "Lending"."All Requests" as select * from "Lending"."Loan Requests"'))
    contract = draft(engine, tmp_path, name)
    assert [column.name for column in contract.columns] == [
        "request_no",
        "applied_date",
        "groe_status",
        "amount",
        "channel",
    ] or contract.id
    assert len(extract_window(engine, contract, WINDOW).applications) == IN_WINDOW


def test_versions_and_repeats_are_counted(engine, tmp_path):
    fill(engine, TIMES["timestamp"])
    again = (
        'insert into "Lending"."Loan Requests" select "Request No", "Applied Date" {}, "Größe: Status", "Amount %", '
        'channel from "Lending"."Loan Requests" where "Request No" in (\'R120\', \'R130\')'
    )
    with engine.begin() as connection:
        connection.execute(text(again.format("")))
        connection.execute(text(again.format("+ interval '1 minute'") + " limit 1"))
    extract = extract_window(engine, draft(engine, tmp_path, "Lending.Loan Requests", id="Request No"), WINDOW)
    assert len(extract.applications) == IN_WINDOW
    assert (extract.repeats, extract.older_versions) == (1, 2)


def test_a_table_without_identifier_is_told_by_its_rows(engine, tmp_path):
    fill(engine, TIMES["timestamp"])
    with engine.begin() as connection:
        connection.execute(text('alter table "Lending"."Loan Requests" drop column "Request No"'))
    contract = draft(engine, tmp_path, "Lending.Loan Requests")
    rows = extract_window(engine, contract, WINDOW).applications
    assert contract.id.name == "row_id"
    assert rows["row_id"].is_unique
    assert len(rows) == IN_WINDOW


def test_records_of_another_table_are_joined(engine, tmp_path):
    with engine.begin() as connection:
        connection.execute(text(
            "create table requests as select 'R' || n as request_id, n % 300 as client_id, "
            "timestamp '2024-01-01' + n * interval '8 hours' as applied_at, "
            f"case when n % 3 = 0 then 'refused' else 'approved' end as status from generate_series(0, {ROWS - 1}) as n"
        ))  # fmt: skip
        connection.execute(text(
            "create table clients as select n as client_id, (n * 91 % 700 + 0.5)::numeric as income, "
            "date '1970-01-01' + n as birth_date from generate_series(0, 199) as n"
        ))  # fmt: skip
        connection.execute(text("insert into clients values (7, 1.5, '1990-01-01')"))
    contract = draft(engine, tmp_path, "requests", "clients", target="status")
    extract = extract_window(engine, contract, WINDOW)
    rows = extract.applications
    assert len(rows) == IN_WINDOW
    has_record = rows["client_id"].astype(int).lt(200) & rows["client_id"].astype(int).ne(7)
    assert (rows["income"].notna() == has_record).all()
    assert set(rows.loc[rows["client_id"] == "7", "request_id"]) == set(extract.ambiguous)
    days = (rows["applied_at"] - np.datetime64("1970-01-01")).dt.days - rows["client_id"].astype(int)
    assert (rows.loc[has_record, "days_since_birth_date"] == days[has_record]).all()


@pytest.mark.parametrize("name", ["nowhere", "Lending.nowhere", "a b c.d e f", '"', "", "public.", "x; drop table y"])
def test_what_is_not_there_is_said(engine, name):
    with pytest.raises(RelationError, match="There is no file, table or view"):
        RelationReader(engine, [name])


def test_an_empty_table_is_said(engine):
    with engine.begin() as connection:
        connection.execute(text("create table nothing_yet (id int, status text)"))
    with pytest.raises(RelationError, match="holds no rows"):
        RelationReader(engine, ["nothing_yet"]).sample("nothing_yet")


def test_a_table_that_may_not_be_read_is_said(engine, database):
    fill(engine, TIMES["timestamp"], "public.secret_loans")
    with engine.begin() as connection:
        connection.execute(text("create role without_rights login"))
    try:
        restricted = make_engine(database.set(username="without_rights"), Patience())
        reader = RelationReader(restricted, ["secret_loans"])
        with pytest.raises(LoanwatchError, match="permission denied for table secret_loans"):
            reader.sample("secret_loans")
        restricted.dispose()
    finally:
        with engine.begin() as connection:
            connection.execute(text("drop role without_rights"))


def test_dates_that_are_texts_of_the_database_are_left_out_and_that_is_said(engine, tmp_path):
    """A cast of them fails at the first one that is written in another way."""
    with engine.begin() as connection:
        connection.execute(text(
            "create table loans as select 'R' || n as loan_id, "
            "timestamp '2024-01-01' + n * interval '8 hours' as applied_at, "
            "to_char(date '1970-01-01' + n, 'DD-MM-YYYY') as birth_date, (date '1980-01-01' + n)::text as hired_on, "
            f"case when n % 3 = 0 then 'refused' else 'approved' end as status from generate_series(0, {ROWS - 1}) as n"
        ))  # fmt: skip
    contract = draft(engine, tmp_path, "loans", target="status")
    assert [column.name for column in contract.features] == ["days_since_hired_on"]
    assert "# look: 'birth_date'" in (tmp_path / "lender.toml").read_text(encoding="utf-8")
    assert extract_window(engine, contract, WINDOW).applications["days_since_hired_on"].notna().all()
