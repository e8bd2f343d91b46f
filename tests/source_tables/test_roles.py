"""The two roles of `loans-db`: the owner of the lender's tables loads them, and loanwatch may only read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import ProgrammingError

from blocks.errors import LoanwatchError
from blocks.postgres.connect import Patience, make_engine
from tasks.contract.load import load_contract
from tasks.demo.fill import fill_empty
from tasks.demo.generator import make_applications
from tasks.schema.migrate import prepare_schema
from tasks.source_tables.load import load_tables
from tasks.source_tables.tables import create_tables
from tests.support import ROOT

CONTRACT = load_contract("loan_applications")
OWNERS = "select schemaname, tableowner from pg_tables where schemaname in ('public', 'loanwatch') group by 1, 2"


@pytest.fixture
def roles(database: URL) -> Iterator[dict[str, Engine]]:
    """An engine for each role that deployments/loans_db.sql makes, and one for the administrator."""
    script = (ROOT / "deployments" / "loans_db.sql").read_text(encoding="utf-8")
    script = re.sub(r"^\\set .*$", "", script, flags=re.MULTILINE).replace(':"DBNAME"', f'"{database.database}"')
    engines = {"admin": make_engine(database, Patience())}
    with engines["admin"].begin() as connection:
        connection.exec_driver_sql(re.sub(r":'\w+'", "'S3CRET'", script))
    for name in ("lender", "loanwatch"):
        engines[name] = make_engine(database.set(username=name, password="S3CRET"), Patience())
    yield engines
    for name in ("lender", "loanwatch"):
        engines[name].dispose()
        with engines["admin"].begin() as connection:
            connection.exec_driver_sql(f"drop owned by {name} cascade; drop role {name}")
    engines["admin"].dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for table, rows in make_applications(months=1, per_month=20).items():
        rows.to_csv(tmp_path / f"{table}.csv", index=False)
    return tmp_path


def read(engine: Engine, query: str) -> set[tuple[str, ...]]:
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(query))}


def test_the_lender_loads_and_each_keeps_its_own(roles: dict[str, Engine], folder: Path) -> None:
    load_tables(roles["lender"], CONTRACT, folder)  # which makes our schema's tables, too
    assert read(roles["admin"], OWNERS) == {("public", "lender"), ("loanwatch", "loanwatch")}
    assert prepare_schema(roles["loanwatch"]) == 0
    load_tables(roles["lender"], CONTRACT, folder, is_replacing=True)
    assert read(roles["loanwatch"], "select count(*) > 0 from loan_details") == {(True,)}
    for statement in ("delete from loan_details", "drop table loan_details", "create table public.other (a int)"):
        with pytest.raises((LoanwatchError, ProgrammingError)), roles["loanwatch"].begin() as connection:
            connection.execute(text(statement))


def test_no_table_of_the_lender_gets_into_our_schema(roles: dict[str, Engine]) -> None:
    prepare_schema(roles["loanwatch"])
    with pytest.raises(LoanwatchError), roles["loanwatch"].begin() as connection:
        create_tables(connection, CONTRACT.sources)
    with roles["admin"].begin() as connection:
        connection.execute(text("grant create on schema public to loanwatch"))
    with roles["loanwatch"].begin() as connection:
        create_tables(connection, CONTRACT.sources)
    assert ("public", "loanwatch") in read(roles["admin"], OWNERS)
    ours = "select tablename from pg_tables where schemaname = 'loanwatch' and tablename = 'loan_details'"
    assert read(roles["admin"], ours) == set()


@pytest.mark.slow
def test_the_demo_fills_an_empty_database_once_and_knows_it_again(roles: dict[str, Engine], folder: Path) -> None:
    prepare_schema(roles["loanwatch"])
    assert fill_empty(roles["lender"])
    count = "select count(*) from loan_details"
    filled = read(roles["loanwatch"], count)
    assert fill_empty(roles["lender"])
    assert read(roles["loanwatch"], count) == filled
    load_tables(roles["lender"], CONTRACT, folder, is_replacing=True)
    assert not fill_empty(roles["lender"]), "other rows: it is the demo no longer"


@pytest.mark.parametrize("made", ["create table loan_details (a int)", "create schema x create view y as select 1"])
def test_the_demo_fills_no_database_that_holds_anything(engine: Engine, made: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(made)
    assert not fill_empty(engine)


def test_a_file_that_may_not_be_read_names_the_user(roles: dict[str, Engine], folder: Path, monkeypatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(LoanwatchError, match=r"the user \w+ \(\d+\).*chmod.*--user"):
        load_tables(roles["lender"], CONTRACT, folder)
