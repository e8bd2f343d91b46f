"""Finding and reaching the database, and errors that say what to do and tell no secret."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import URL, Engine, text

from blocks.environment import EnvironmentVariableError
from blocks.errors import LoanwatchError
from blocks.postgres import errors as database_errors
from blocks.postgres.connect import (
    Database,
    Patience,
    adopt_database_option,
    connect,
    make_engine,
    parse_url,
    read_patience,
    read_snapshot,
    resolve_database,
)
from blocks.postgres.copy import copy_file, copy_query, fetch_row, quote_name
from blocks.postgres.errors import (
    DatabaseLoginError,
    DatabaseLostError,
    DatabaseMissingError,
    DatabaseOptionError,
    DatabaseUnreachableError,
    SourceMissingError,
    StatementTimeoutError,
    WriteRefusedError,
    explain_refusal,
    explain_state,
)

SECRET = "s3cr3t-pass"


@pytest.fixture
def nothing_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No database in the environment, and an empty current folder."""
    monkeypatch.delenv("LOANWATCH_DATABASE_URL", raising=False)
    monkeypatch.delenv("LOANWATCH_HOME", raising=False)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_option_goes_before_the_environment_and_that_before_our_own(
    nothing_named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolve_database() == Database("embedded", str(nothing_named / ".loanwatch"))
    monkeypatch.setenv("LOANWATCH_HOME", str(nothing_named / "other"))
    assert resolve_database() == Database("embedded", str(nothing_named / "other"))
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", f"postgresql://u:{SECRET}@h/d")
    assert resolve_database() == Database("environment")
    assert resolve_database("my-block") == Database("block", "my-block")
    assert SECRET not in repr(resolve_database()) + str(resolve_database())


def test_a_url_is_no_flow_parameter_but_may_stand_on_the_command_line(
    nothing_named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", "postgresql://before")
    with pytest.raises(DatabaseOptionError) as caught:
        resolve_database(f"postgresql://u:{SECRET}@h/d")
    assert SECRET not in str(caught.value)
    assert adopt_database_option(f"postgresql://u:{SECRET}@h/d") is None
    assert resolve_database() == Database("environment")
    assert adopt_database_option("my-block") == "my-block"


@pytest.mark.parametrize(
    "written",
    [
        "no url",
        f"mysql://u:{SECRET}@h/d",
        f"sqlite:///{SECRET}",
        f"postgresql://u:{SECRET}@more@h/d",
        f"postgresql://u:{SECRET}@h:port/d",
    ],
)
def test_urls_that_cannot_be_used_are_told_without_their_password(written: str) -> None:
    with pytest.raises(DatabaseOptionError) as caught:
        parse_url(written, "LOANWATCH_DATABASE_URL")
    assert "LOANWATCH_DATABASE_URL" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_usual_ways_to_write_a_url(scheme: str) -> None:
    url = parse_url(f"{scheme}://u:p%40ss@h:5/d", "it")
    assert (url.drivername, url.password) == ("postgresql+psycopg2", "p@ss")


def test_a_newline_at_the_end_of_a_url_is_no_part_of_it() -> None:
    assert parse_url(" postgresql://u:p@h:5/d\n", "it").database == "d"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("schema=public", r"LOANWATCH_DATABASE_URL ends with .*'schema'.*options=-csearch_path=NAME"),
        ("currentSchema=x", r"options=-csearch_path="),
        ("slmode=require", r"'slmode'. Remove it"),
    ],
)
def test_an_option_that_there_is_not_is_named(query: str, told: str) -> None:
    with pytest.raises(DatabaseOptionError, match=told) as caught:
        parse_url(f"postgresql://u:{SECRET}@h/d?{query}", "LOANWATCH_DATABASE_URL")
    assert SECRET not in str(caught.value)


def test_known_options_are_kept(database: URL) -> None:
    written = database.render_as_string(hide_password=False) + "&options=-csearch_path=other&sslmode=prefer"
    engine = make_engine(parse_url(written, "it"), Patience())
    with engine.connect() as connection:
        assert connection.execute(text("show search_path")).scalar() == "other"
    engine.dispose()


def test_an_unreachable_server(nothing_named: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_DATABASE_URL", f"postgresql://u:{SECRET}@127.0.0.1:1/d")
    with pytest.raises(DatabaseUnreachableError, match=r"127\.0\.0\.1:1.*refused.*Check that it runs") as caught:
        connect(Database("environment"))
    assert SECRET not in str(caught.value)
    assert caught.value.exit_code == 1


def test_a_database_that_does_not_exist(server: URL) -> None:
    engine = make_engine(server.set(database="nowhere"), Patience())
    with pytest.raises(DatabaseMissingError, match="'nowhere'"):
        engine.connect()


def test_a_role_that_does_not_exist(server: URL) -> None:
    engine = make_engine(server.set(username="nobody", password=SECRET), Patience())
    with pytest.raises(DatabaseLoginError, match="'nobody'") as caught:
        engine.connect()
    assert SECRET not in str(caught.value)


def test_a_wrong_password_is_not_printed() -> None:
    url = URL.create("postgresql+psycopg2", "analyst", SECRET, "db", 5432, "loans")
    error = explain_refusal('connection to "db" failed: FATAL: password authentication failed for user "analyst"', url)
    assert isinstance(error, DatabaseLoginError)
    assert "'analyst'" in str(error)
    assert SECRET not in str(error)


def test_a_missing_table_or_column_is_named(engine: Engine) -> None:
    for query in ("select * from nowhere", "select nothing from pg_class"):
        with engine.connect() as connection, pytest.raises(SourceMissingError, match=r"nowhere|nothing"):
            connection.execute(text(query))
        with read_snapshot(engine) as connection, pytest.raises(SourceMissingError, match=r"flows\.load"):
            copy_query(connection, query, {}, io.BytesIO())


def test_a_snapshot_cannot_write_and_sees_no_later_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("create table kept (n int)"))
    with read_snapshot(engine) as connection:
        assert fetch_row(connection, "select count(*) as n from kept", {}) == {"n": 0}
        with engine.begin() as other:
            other.execute(text("insert into kept values (1)"))
        assert fetch_row(connection, "select count(*) as n from kept", {}) == {"n": 0}
        with pytest.raises(WriteRefusedError):
            connection.execute(text("insert into kept values (2)"))
    with engine.begin() as connection:  # the connection that went back to the pool may write again
        assert connection.execute(text("insert into kept values (3) returning n")).scalar() == 3


@pytest.mark.slow
def test_a_statement_that_takes_too_long(database: URL) -> None:
    engine = make_engine(database, Patience(statement=1))
    with engine.connect() as connection, pytest.raises(StatementTimeoutError, match="LOANWATCH_STATEMENT_TIMEOUT"):
        connection.execute(text("select pg_sleep(5)"))
    with read_snapshot(engine) as connection, pytest.raises(StatementTimeoutError):
        copy_query(connection, "select pg_sleep(5)", {}, io.BytesIO())
    engine.dispose()


def test_a_cut_connection_is_told_and_the_next_one_works(engine: Engine) -> None:
    with engine.connect() as connection:
        pid = connection.execute(text("select pg_backend_pid()")).scalar()
        with engine.connect() as other:
            other.execute(text(f"select pg_terminate_backend({pid})"))
        with pytest.raises(DatabaseLostError):
            connection.execute(text("select 1"))
    with engine.connect() as connection:
        assert connection.execute(text("select 1")).scalar() == 1


def test_every_session_is_in_utc(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("show timezone")).scalar() == "UTC"


def test_patience_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANWATCH_STATEMENT_TIMEOUT", "7")
    assert read_patience() == Patience(connect=10, statement=7)
    monkeypatch.setenv("LOANWATCH_CONNECT_TIMEOUT", "soon")
    with pytest.raises(EnvironmentVariableError, match=r"LOANWATCH_CONNECT_TIMEOUT cannot be used: .* integer"):
        read_patience()


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("42P01", "SourceMissingError"),
        ("42703", "SourceMissingError"),
        ("42501", "PermissionMissingError"),
        ("25006", "WriteRefusedError"),
        ("57014", "StatementTimeoutError"),
        ("53100", "DatabaseFullError"),
        ("53300", "DatabaseFullError"),
        ("22012", "NoneType"),  # a mistake in a query: its author needs the server's own words
    ],
)
def test_states_and_their_errors(state: str, name: str) -> None:
    assert type(explain_state(psycopg2.Error("said\nmore"), state)).__name__ == name


def test_errors_pickle() -> None:
    kinds = [
        kind for kind in vars(database_errors).values() if isinstance(kind, type) and issubclass(kind, LoanwatchError)
    ]
    assert len(kinds) > 9
    for kind in kinds:
        again = pickle.loads(pickle.dumps(kind("what it says")))
        assert (type(again), str(again)) == (kind, "what it says")


def test_names_and_values_are_quoted(engine: Engine) -> None:
    table = 'odd "name"; drop'
    with engine.begin() as connection:
        connection.execute(text(f"create table {quote_name(table)} (a text, b text)"))
        assert copy_file(connection, table, ("b", "a"), io.BytesIO(b'b,a\n1,\n"",x\n')) == 2
        sink = io.BytesIO()
        copy_query(connection, f"select * from {quote_name(table)} where b <> %(b)s;", {"b": "'; x"}, sink)
    assert sink.getvalue() == b'a,b\n,1\nx,""\n'
