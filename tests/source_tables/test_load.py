"""Loading CSV files: all of them or nothing, and what a bad file is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from flows.load import command
from tasks.contract.load import load_contract
from tasks.core.windows import Window
from tasks.registry.promote import NewVersion, Promotion, promote, register
from tasks.source_tables.index_advice import advise_indexes
from tasks.source_tables.load import LoadError, LoadFolderError, load_tables, read_header
from tasks.source_tables.tables import create_tables
from tests.support import second_lender

CONTRACT = load_contract("loan_applications")
LOANS = (
    "loan_id,customer_id,loan_status,application_time,current_loan_amount,term,tax_liens,purpose,no_of_properties\n"
    "l1,c1,Loan Given,16-05-2015 10:00,99999999,Short Term,0,Other,2\n"
    'l2,c2,Loan Refused,17-05-2015 10:00,"1,234",Long Term,,"say ""hi"", twice\non two lines",0\n'
)
CUSTOMERS = (
    "customer_id,home_ownership,annual_income,years_in_current_job,months_since_last_delinquent,no_of_cars,"
    'no_of_children\nc1,Rent,50000,< 1 year,"",1,0\n'
)
CREDITS = (
    "customer_id,credit_score,monthly_debt,years_of_credit_history,no_of_open_accounts,no_of_credit_problems,"
    "current_credit_balance,max_open_credit,bankruptcies\nc1,740,$12.50,10,8,0,100,#VALUE!,0\n"
)
COUNTS = {"loan_details": 2, "customer_details": 1, "credit_details": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for table, written in (("loan_details", LOANS), ("customer_details", CUSTOMERS), ("credit_details", CREDITS)):
        (tmp_path / f"{table}.csv").write_text(written, encoding="utf-8")
    return tmp_path


def count(engine: Engine) -> dict[str, int | None]:
    """How many rows each source table has; None where it does not exist."""
    found: dict[str, int | None] = {}
    with engine.connect() as connection:
        for source in CONTRACT.sources:
            is_there = connection.execute(text(f"select to_regclass('{source.table}')")).scalar()
            found[source.table] = (
                connection.execute(text(f"select count(*) from {source.table}")).scalar() if is_there else None
            )
    return found


def test_the_tables_are_made_and_filled(engine: Engine, folder: Path) -> None:
    assert load_tables(engine, CONTRACT, folder) == COUNTS
    assert count(engine) == COUNTS
    with engine.connect() as connection:
        row = connection.execute(text("select * from loan_details where loan_id = 'l2'")).one()
        customer = connection.execute(text("select * from customer_details")).one()
    assert row.purpose == 'say "hi", twice\non two lines'
    assert row.current_loan_amount == "1,234"
    assert row.tax_liens is None
    assert customer.months_since_last_delinquent == ""


def test_the_order_of_the_columns_is_free_and_a_byte_order_mark_is_no_column(engine: Engine, folder: Path) -> None:
    names = CUSTOMERS.splitlines()[0].split(",")[::-1]
    (folder / "customer_details.csv").write_text(f"{','.join(names)}\n0,1,,2 years,50000,Rent,c1\n", "utf-8-sig")
    load_tables(engine, CONTRACT, folder)
    with engine.connect() as connection:
        row = connection.execute(text("select customer_id, annual_income from customer_details")).one()
    assert tuple(row) == ("c1", "50000")


BAD: list[tuple[str, str, Callable[[str], str], str]] = [
    ("a field too many", "credit_details", lambda t: t + "c2,1,2,3,4,5,6,7,8,9\n", "line 3"),
    ("a field too few", "customer_details", lambda t: t + "c2,Rent\n", "line 3.*column"),
    ("an open quote", "loan_details", lambda t: t + 'l3,"c3,x\n', "line 5"),
    ("a column's name misspelt", "loan_details", lambda t: t.replace("purpose", "porpoise"), "purpose.*porpoise"),
    ("a column missing", "credit_details", lambda t: t.replace(",bankruptcies", "").replace("E!,0", "E!"), "bankrupt"),
    ("a column twice", "customer_details", lambda t: t.replace("no_of_cars", "no_of_children"), "twice"),
    ("a separator that nobody uses", "customer_details", lambda t: t.replace(",", "~"), "comma, semicolon, tab, bar"),
    ("an empty file", "loan_details", lambda t: "", "line 1"),
    ("a NUL", "credit_details", lambda t: t + "c2,\0,2,3,4,5,6,7,8\n", "line 3"),
]


@pytest.mark.parametrize(("table", "spoil", "told"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_file_changes_nothing_and_is_named(
    engine: Engine, folder: Path, table: str, spoil: Callable[[str], str], told: str
) -> None:
    load_tables(engine, CONTRACT, folder)
    file = folder / f"{table}.csv"
    file.write_text(spoil(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises((LoadError, LoadFolderError), match=rf"(?s){table}\.csv.*{told}.*Nothing was changed"):
        load_tables(engine, CONTRACT, folder, is_replacing=True)
    assert count(engine) == COUNTS


def test_a_bad_file_leaves_no_table_behind(engine: Engine, folder: Path) -> None:
    """The contract says UTF-8, so that the encoding is not looked for."""
    (folder / "credit_details.csv").write_bytes(CREDITS.encode() + b"c2,\xe9,2,3,4,5,6,7,8\n")
    sources = tuple(source.model_copy(update={"encoding": "utf-8"}) for source in CONTRACT.sources)
    with pytest.raises(LoadError, match=r"credit_details\.csv, line 3.*encoding.*Nothing was changed"):
        load_tables(engine, CONTRACT.model_copy(update={"sources": sources}), folder)
    assert set(count(engine).values()) == {None}


@pytest.mark.parametrize(("separator", "encoding"), [(";", "cp1252"), ("\t", "utf-16"), ("|", "utf-8-sig")])
def test_the_files_separator_and_encoding_are_found(
    engine: Engine, folder: Path, separator: str, encoding: str
) -> None:
    file = folder / "customer_details.csv"
    file.write_text((CUSTOMERS + "c2,Café,1,2,3,4,5\n").replace(",", separator), encoding=encoding)
    assert load_tables(engine, CONTRACT, folder) == COUNTS | {"customer_details": 2}
    with engine.connect() as connection:
        found = connection.execute(text("select home_ownership from customer_details where customer_id = 'c2'"))
        assert found.scalar() == "Café"


def test_a_missing_file_or_folder(engine: Engine, folder: Path) -> None:
    (folder / "credit_details.csv").unlink()
    for place in (folder, folder / "nowhere"):
        with pytest.raises(LoadFolderError, match="cannot be read"):
            load_tables(engine, CONTRACT, place)
    assert set(count(engine).values()) == {None}


def test_a_file_that_only_others_may_read_is_told_with_the_user_that_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read every file, so the refusal is imitated; and a container may run as a user without a name."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    def find_no_name() -> str:
        raise OSError("No username set in the environment")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(LoadFolderError, match=rf"the user \S+ \({os.getuid()}\), as which this runs"):
        read_header(folder, CONTRACT.sources[0])
    monkeypatch.setattr("getpass.getuser", find_no_name)
    with pytest.raises(LoadFolderError, match=f"the user {os.getuid()}, as which this runs"):
        read_header(folder, CONTRACT.sources[0])


def test_rows_that_are_there_need_replace_and_then_the_champion_retires(engine: Engine, folder: Path) -> None:
    load_tables(engine, CONTRACT, folder)
    with pytest.raises(LoadError, match="--replace"):
        load_tables(engine, CONTRACT, folder)
    april = Window(date(2015, 4, 1), date(2015, 4, 30))
    with engine.begin() as connection:
        version = register(connection, NewVersion(CONTRACT.name, "job", "forest", {}, "nowhere", "0" * 64, (april,)))
        promote(connection, Promotion(CONTRACT.name, "job", date(2015, 5, 1), None, version, "first", "0" * 64))
    load_tables(engine, CONTRACT, folder, is_replacing=True)
    assert count(engine) == COUNTS
    with engine.connect() as connection:
        states = connection.execute(text("select state from loanwatch.model_version")).scalars().all()
        last = connection.execute(text("select * from loanwatch.promotion order by recorded_at")).all()[-1]
    assert states == ["retired"]
    assert (last.from_version, last.to_version) == (version, None)
    assert "--replace" in last.why


def test_another_lenders_table(engine: Engine, tmp_path: Path) -> None:
    contract = load_contract(second_lender.CONTRACT)
    second_lender.make_requests(months=1, per_month=20).to_csv(tmp_path / "card_request.csv", index=False)
    assert load_tables(engine, contract, tmp_path) == {"card_request": 20}


def test_advice_names_what_is_missing_and_creates_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        assert advise_indexes(connection, CONTRACT) == []  # no tables
    with engine.begin() as connection:
        create_tables(connection, CONTRACT.sources)
        statements = [advice.statement for advice in advise_indexes(connection, CONTRACT)]
        assert len(statements) == 3
        assert connection.execute(text("select count(*) from pg_index where indrelid > 16384")).scalar() is not None
        assert [advice.statement for advice in advise_indexes(connection, CONTRACT)] == statements
        for statement in statements:
            connection.execute(text(statement.replace(" concurrently", "")))
        assert advise_indexes(connection, CONTRACT) == []


def test_the_command_shows_counts_and_exit_codes(
    database: URL, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder) == 0
    assert "loan_details                2 rows" in capsys.readouterr().out
    assert command(folder) == 1
    assert "--replace" in capsys.readouterr().err
    assert command(folder, replace=True, advise=True) == 0
    assert "create index concurrently" in capsys.readouterr().out
    assert (command(), command(folder / "nowhere"), command(folder, contract="nothing")) == (2, 2, 2)


def test_the_real_applications(engine: Engine, real_data: Path) -> None:
    assert load_tables(engine, CONTRACT, real_data) == {
        "loan_details": 11_124,
        "customer_details": 7_078,
        "credit_details": 7_078,
    }
