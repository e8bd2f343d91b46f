"""Databases, roles and environments of another encoding: what they hold is read, and what they can store written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import URL, Connection, Engine, text

from blocks.postgres.connect import Patience, make_engine
from blocks.postgres.encoding import make_storable, replace_signs
from blocks.postgres.errors import QueryError
from blocks.postgres.query import Query
from tasks.extract.query_results import stream_texts
from tests.conftest import MakeDatabase, run_alone


@pytest.fixture(params=["LATIN1", "WIN1252", "UTF8"])
def odd(request: pytest.FixtureRequest, make_database: MakeDatabase) -> Iterator[Engine]:
    url = make_database(encoding=request.param)
    engine = make_engine(url, Patience())
    yield engine
    engine.dispose()
    make_database.drop(url)


def test_what_can_be_stored_is_and_the_rest_is_replaced(odd: Engine) -> None:
    written = "Zoë’s “loan” – 5 ≤ 6 … \U0001f600 Łódź"
    with odd.begin() as connection:
        connection.execute(text("create table kept (words text, list text[], record jsonb)"))
        row = {"words": written, "list": [written], "record": json.dumps({"why": written})}
        connection.execute(text("insert into kept values (:words, :list, cast(:record as jsonb))"), [row, row])
        storable = make_storable(connection, written)
        found = connection.execute(text("select words, list, record ->> 'why' as why from kept")).all()
        encoding = connection.execute(text("show server_encoding")).scalar()
    for words, words_in_list, why in found:
        assert (words, words_in_list) == (storable, [storable])
        assert why in (
            storable,
            storable.replace("… ?", "… ??").replace("... ?", "... ??"),
        )  # JSON writes an emoji as two signs
    assert storable.startswith("Zoë")
    assert (storable == written) == (encoding == "UTF8")


def test_signs_have_others_in_their_place() -> None:
    assert replace_signs("“a” – 5 ≥ 4 → é €", "iso8859-1") == "'a' - 5 >= 4 -> é EUR"
    assert replace_signs(r"\u2019 \u00e9", "iso8859-1") == r"' \u00e9"
    assert replace_signs("é €", "cp1252") == "é €"


def test_a_role_and_an_environment_that_say_latin1_change_nothing(
    database: URL, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    run_alone(database, f"alter database \"{database.database}\" set client_encoding = 'LATIN1'")
    engine = make_engine(database, Patience())
    with engine.connect() as connection:
        assert connection.execute(text("select :sign || '…'"), {"sign": "“"}).scalar() == "“…"
        assert connection.execute(text("show client_encoding")).scalar() == "UTF8"
    engine.dispose()


def test_bytes_of_a_database_without_encoding_can_be_converted_in_the_query(make_database: MakeDatabase) -> None:
    url = make_database(encoding="SQL_ASCII")
    engine = make_engine(url, Patience())
    contract = SimpleNamespace(columns=())
    converted = "convert_from(convert(convert_to(a, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'UTF8')"
    with engine.begin() as connection:
        connection.exec_driver_sql(r"create table kept as select E'caf\xe9' as a")
    with engine.connect() as connection, pytest.raises(QueryError, match=r"loans\.sql: .*0xe9.*SQL_ASCII"):
        read(connection, Query("select a from kept", "loans.sql"), contract)
    with engine.connect() as connection:
        assert read(connection, Query(f"select {converted} as a from kept", "loans.sql"), contract) == ["café"]
    engine.dispose()
    make_database.drop(url)


def read(connection: Connection, query: Query, contract: Any) -> list[str]:
    with stream_texts(connection, query, {}, contract) as reader:
        return [text for batch in reader for text in batch.column(0).cast("string").to_pylist()]
