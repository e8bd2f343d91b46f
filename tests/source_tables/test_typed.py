"""Typed tables: the contract's readers make the values, and what they cannot read refuses the load."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, text

from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.windows import Window
from tasks.extract.check_queries import check_queries
from tasks.extract.extract import extract_window
from tasks.source_tables.index_advice import advise_indexes
from tasks.source_tables.load import LoadError, LoadFolderError, load_tables

CONTRACT = """
name = "loans"
query = "loans.sql"
timezone = "Europe/Berlin"
missing = ["n/a"]
[[source]]
table = "Loans_2019"
file = "My loans.csv"
typed = true
columns = ["Loan ID", "Applied At", "Beträge", "rate", "n", "is open", "Status"]
[[column]]
name = "loan_id"
source = "Loan ID"
role = "id"
[[column]]
name = "applied_at"
source = "Applied At"
role = "time"
formats = ["%d.%m.%Y %H:%M"]
[[column]]
name = "amount"
source = "Beträge"
type = "number"
decimal = ","
[[column]]
name = "rate"
type = "number"
affixes = ["%"]
[[column]]
name = "n"
type = "integer"
[[column]]
name = "is_open"
source = "is open"
type = "boolean"
[[column]]
name = "status"
source = "Status"
role = "target"
type = "category"
positive = "Y"
negative = "N"
"""
QUERY = """select "Loan ID" as loan_id, "Applied At" as applied_at, "Beträge" as amount, rate, n, "is open" as is_open,
"Status" as status from "Loans_2019" where "Applied At" >= %(start)s and "Applied At" < %(end)s + 1"""
HEADER = "Loan ID;Applied At;Beträge;rate;n;is open;Status\n"
ROWS = 'a;31.12.2018 23:30;1.234,50;12.5%;3.0;yes;Y\nb;01.01.2019 00:10;n/a;;7;F;"N"\n'
TYPES = ["text", "timestamp without time zone", "double precision", "double precision", "bigint", "boolean", "text"]


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    (tmp_path / "loans.toml").write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "loans.sql").write_text(QUERY, encoding="utf-8")
    return load_contract(str(tmp_path / "loans.toml"))


def write(folder: Path, rows: str) -> Path:
    path = folder / "My loans.csv"
    path.write_text(HEADER + rows, encoding="cp1252")
    return path


def test_values_have_their_types_and_are_read_again_as_they_were(
    engine: Engine, contract: Contract, tmp_path: Path
) -> None:
    write(tmp_path, ROWS)
    assert load_tables(engine, contract, tmp_path) == {"Loans_2019": 2}
    with engine.connect() as connection:
        types = connection.execute(
            text(
                "select data_type from information_schema.columns where table_name = 'Loans_2019' "
                "order by ordinal_position"
            )
        ).scalars()
        assert list(types) == TYPES
        rows = [tuple(row) for row in connection.execute(text('select * from "Loans_2019"'))]
        advice = [entry.statement for entry in advise_indexes(connection, contract)]
    assert rows == [
        ("a", datetime(2018, 12, 31, 23, 30), 1234.5, 12.5, 3, True, "Y"),
        ("b", datetime(2019, 1, 1, 0, 10), None, None, 7, False, "N"),
    ]
    assert advice == ['create index concurrently on "Loans_2019" ("Applied At")']
    check_queries(engine, contract)
    read = extract_window(engine, contract, Window(date(2018, 12, 1), date(2018, 12, 31)))
    assert read.applications.to_dict("records")[0]["amount"] == 1234.5
    assert not read.unreadable


@pytest.mark.bad_input
def test_what_cannot_be_read_refuses_the_load_and_names_its_line(
    engine: Engine, contract: Contract, tmp_path: Path
) -> None:
    bad = '\nc;"2019\n";x;y EUR or so, says Katharina;3.5;perhaps;Y\nd;tomorrow;;;99999999999999999999;;N\n'
    write(tmp_path, ROWS + bad)
    with pytest.raises(LoadError) as caught:
        load_tables(engine, contract, tmp_path)
    for told in (
        "My loans.csv does not have the types of the contract loans",
        "line 5, column Applied At: 2 values cannot be read as timestamp",
        "`formats`",
        "line 5, column Beträge: 1 value cannot be read as double precision ('x')",
        "('y EUR or so, says Ka…')",
        "line 5, column n: 2 values cannot be read as bigint ('3.5', '99999999999999999999')",
        "line 5, column is open: 1 value cannot be read as boolean ('perhaps')",
        "Nothing was changed",
    ):
        assert told in str(caught.value)
    with engine.connect() as connection:
        assert connection.execute(text("select to_regclass('\"Loans_2019\"')")).scalar() is None


def test_a_parquet_file_and_a_path_of_its_own(engine: Engine, contract: Contract, tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    table = arrow_csv.read_csv(path, arrow_csv.ReadOptions(encoding="cp1252"), arrow_csv.ParseOptions(delimiter=";"))
    elsewhere = tmp_path / "elsewhere.parquet"
    pq.write_table(table, elsewhere)
    source = contract.sources[0].model_copy(update={"file": str(elsewhere)})
    told: list[tuple[str, int]] = []
    moved = contract.model_copy(update={"sources": (source,)})
    assert load_tables(engine, moved, tmp_path / "nowhere", show=lambda *now: told.append(now)) == {"Loans_2019": 2}
    assert told == [("Loans_2019", 2)]


@pytest.mark.bad_input
def test_a_table_of_other_columns_is_told(engine: Engine, contract: Contract, tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    with engine.begin() as connection:
        connection.execute(text('create table "Loans_2019" (id text)'))
    with pytest.raises(LoadError, match=r"Loans_2019 is there and lacks a column of .*Drop the table"):
        load_tables(engine, contract, tmp_path)


@pytest.mark.bad_input
def test_a_value_that_the_table_refuses_is_told_with_its_lines(
    engine: Engine, contract: Contract, tmp_path: Path
) -> None:
    write(tmp_path, ROWS)
    with engine.begin() as connection:
        connection.execute(
            text(
                'create table "Loans_2019" ("Loan ID" int, "Applied At" text, "Beträge" text, rate text,'
                'n text, "is open" text, "Status" text)'
            )
        )
    with pytest.raises(LoadError, match=r"My loans\.csv, lines 2 to 3, column Loan ID: invalid input.*Nothing was"):
        load_tables(engine, contract, tmp_path)


def test_headers_are_compared_without_the_blanks_around_them(
    engine: Engine, contract: Contract, tmp_path: Path
) -> None:
    path = write(tmp_path, ROWS)
    path.write_text(HEADER.replace("rate", " rate ").replace("Status", "status") + ROWS, encoding="utf-8")
    with pytest.raises(LoadFolderError, match=r"line 1: is missing the column Status; has .*: 'status'\. Correct"):
        load_tables(engine, contract, tmp_path)
