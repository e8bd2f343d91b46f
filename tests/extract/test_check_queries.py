"""A contract's queries before a run: each mistake is told with its place and what to change."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from blocks.errors import LoanwatchError
from blocks.postgres.errors import QueryError, SourceMissingError, WriteRefusedError
from tasks.contract.contract import Contract
from tasks.contract.load import ContractError, load_contract
from tasks.contract.queries import QueryMistakeError
from tasks.core.windows import Window
from tasks.extract.check_queries import check_queries, check_texts
from tasks.extract.extract import extract_window
from tasks.extract.held_days import find_held_days
from tests.support import second_lender

LENDER = load_contract(second_lender.CONTRACT)
COLUMNS = "request_no, asked_at, answer, yearly_salary, wanted_limit, months_as_client, channel, rating, age_band"
DAYS = "asked_at >= %(start)s and asked_at < %(end)s::date + 1"
QUERY = f"select {COLUMNS}\nfrom card_request\nwhere {DAYS}\n"
MONTH = Window(date(2024, 8, 1), date(2024, 8, 31))


@pytest.fixture
def lender(engine: Engine) -> Engine:
    with engine.begin() as connection:
        connection.execute(
            text(
                "create table card_request (request_no text, asked_at timestamp, answer text, yearly_salary text,"
                'wanted_limit float, months_as_client int, channel text, rating text, age_band text, "Odd Name" text)'
            )
        )
        connection.execute(
            text("insert into card_request values ('1', '2024-08-02', 'yes', 'Katharina Lang', 2, 3, 'web', 'a', 'x')")
        )
    return engine


def describe(folder: Path, query: str) -> Contract:
    (folder / "cards.sql").write_text(query, encoding="utf-8")
    return LENDER.model_copy(update={"file": folder / "cards.toml", "query": "cards.sql"})


MISTAKES = [
    ("nothing at all", "", r"cards\.sql holds no query"),
    ("only a comment", "-- select 1", r"cards\.sql holds no query"),
    ("a misspelt word", QUERY.replace("select", "selec"), r"line 1, column 1: .* not with `selec`"),
    ("a name that there is not", QUERY.replace("start)s", "from)s"), r"line 3, column 19: .*%\(from\)s.*%\(start\)s"),
    ("another tool's name", QUERY.replace("%(start)s", ":start"), r"line 3, column 19: :start is no .*%\(start\)s"),
    ("in quotes", QUERY.replace("%(start)s", "'%(start)s'"), r"line 3, column 20: %\(start\)s stands in quotes"),
    ("no days", QUERY.partition("where")[0], r"does not use %\(start\)s and %\(end\)s, the days"),
    ("half the days", QUERY.partition(" and")[0], r"does not use %\(end\)s, the day "),
    ("a number of the driver", QUERY.replace("%(end)s", "$1"), r"\$1 is no parameter"),
    ("a wrong letter", QUERY.replace("%(end)s", "%(end)d"), r"%\(end\) is no parameter"),
    ("a type without the operator", QUERY + "and yearly_salary > 1000", r"(?s)line 4, column 19: .*Cast.*\n {22}\^$"),
    ("a word that is none", QUERY + "and and", r"line 4, column 5: syntax error"),
    ("a capital", QUERY + "and AppliedAt > now()", r"line 4, column 5: column \"appliedat\".*double quotes"),
    ("a missing table", QUERY.replace("card_request", "cards"), r"line 2, column 6: .*flows\.load"),
    ("no divisor", QUERY + "and 1/0 > 1", r"cards\.sql: division by zero\. .*nullif"),
    ("a constant", QUERY + "and 'x'::int > 1", r"line 4, column 5: invalid input syntax"),
    ("a column too few", QUERY.replace(", rating", ""), r"rating: not returned"),
    (
        "another name",
        QUERY.replace("rating", 'rating as "Rating "'),
        r'"Rating " is\. Select it as "Rating " as rating',
    ),
    ("a near name", QUERY.replace("rating", "'a' as ratings"), r'Is "ratings" meant'),
    ("twice", QUERY.replace("rating", "rating, rating"), r"rating: returned 2 times"),
    ("a time as number", QUERY.replace("wanted_limit", "now() as wanted_limit"), r"wanted_limit: .*number.*time zone"),
    ("a truth as time", QUERY.replace("asked_at,", "true as asked_at,"), r"asked_at: .*says time.*boolean"),
    ("an aggregate", QUERY + "group by channel", r"line 1, column 8: .*group by"),
]


@pytest.mark.bad_input
@pytest.mark.parametrize(("query", "told"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_told_with_its_place(lender: Engine, tmp_path: Path, query: str, told: str) -> None:
    with pytest.raises((QueryMistakeError, SourceMissingError), match=told) as caught:
        check_queries(lender, describe(tmp_path, query))
    assert "cards.sql" in str(caught.value)
    assert str(caught.value).count("copy (") == 0


@pytest.mark.parametrize(
    "query",
    [
        QUERY,
        QUERY + ";",
        QUERY + "; -- the end\n",
        f"-- 5 % of %(all)s, and :start – “quoted”\n{QUERY}",
        QUERY + "and channel like 's%' and channel <> 'a%%' and wanted_limit::int % 2 = 0",
        QUERY.replace("select", "with a as (select 1) select"),
        "\ufeff" + QUERY,
        QUERY + "and channel::text <> ':start' and (array[1, 2])[1:2] is not null",
        QUERY.replace(", rating", ', "Odd Name" as rating'),
    ],
)
def test_a_good_query_is_let_through_and_read(lender: Engine, tmp_path: Path, query: str) -> None:
    contract = describe(tmp_path, query)
    check_queries(lender, contract)
    assert len(extract_window(lender, contract, MONTH).applications) in (0, 1)
    find_held_days(lender, contract, date(2024, 9, 1))


def test_a_percent_sign_is_itself_and_a_doubled_one_is_one(lender: Engine, tmp_path: Path) -> None:
    for pattern, rows in (("w%", 1), ("w%%", 1), ("%x%", 0)):
        contract = describe(tmp_path, QUERY + f"and channel like '{pattern}'")
        assert len(extract_window(lender, contract, MONTH).applications) == rows


@pytest.mark.parametrize("query", ["delete from card_request returning *", f"{QUERY}; drop table x", "select 'open"])
def test_a_query_that_writes_or_is_several_is_refused(lender: Engine, tmp_path: Path, query: str) -> None:
    with pytest.raises(WriteRefusedError, match=r"cards\.sql"):
        check_queries(lender, describe(tmp_path, query))


def test_a_deletion_within_a_query_is_refused(lender: Engine, tmp_path: Path) -> None:
    with pytest.raises(WriteRefusedError, match=r"cards\.sql"):
        check_queries(lender, describe(tmp_path, f"with gone as (delete from card_request returning *) {QUERY}"))


def test_all_queries_mistakes_are_told_at_once(lender: Engine, tmp_path: Path) -> None:
    contract = describe(tmp_path, QUERY.replace("rating", "1/0 as rating"))
    (tmp_path / "undated.sql").write_text("selec 1", encoding="utf-8")
    with pytest.raises(QueryMistakeError, match=r"(?s)division by zero.*undated\.sql, line 1") as caught:
        check_queries(lender, contract.model_copy(update={"undated_query": "undated.sql"}))
    assert caught.value.exit_code == 2


def test_the_contracts_mistakes_and_its_querys_are_told_at_once(tmp_path: Path) -> None:
    described = Path(second_lender.CONTRACT).read_text(encoding="utf-8").replace('role = "id"', 'role = "idd"')
    (tmp_path / "cards.toml").write_text(described, encoding="utf-8")
    (tmp_path / "card_requests.sql").write_text(QUERY.replace("%(end)s", ":end"), encoding="utf-8")
    with pytest.raises(ContractError, match=r"(?s)role.*card_requests\.sql, line 3, .*:end is no parameter"):
        load_contract(str(tmp_path / "cards.toml"))


def test_a_file_that_is_not_utf_8_is_told_before_anything(tmp_path: Path) -> None:
    contract = describe(tmp_path, QUERY)
    (tmp_path / "cards.sql").write_bytes(QUERY.encode() + b"-- \xe9\n")
    with pytest.raises(QueryMistakeError, match="Save it as UTF-8"):
        check_texts(contract)


@pytest.mark.bad_input
def test_values_that_a_cast_cannot_read_are_told_with_the_file_and_cut_short(lender: Engine, tmp_path: Path) -> None:
    contract = describe(tmp_path, QUERY.replace("yearly_salary", "yearly_salary::numeric as yearly_salary"))
    check_queries(lender, contract)  # only the rows show it
    for read in (
        lambda: extract_window(lender, contract, MONTH),
        lambda: find_held_days(lender, describe(tmp_path, f"{QUERY} and yearly_salary::int > 0"), MONTH.end),
    ):
        with pytest.raises(
            QueryError, match=r'cards\.sql: invalid input.*"Katharina La…".*Select the column'
        ) as caught:
            read()
        assert "Lang" not in str(caught.value)
        assert not re.search("did not expect", str(caught.value))


def test_the_shipped_contracts_queries_need_only_their_tables(engine: Engine) -> None:
    shipped = load_contract("loan_applications")
    check_texts(shipped)
    with pytest.raises(SourceMissingError, match=r"loan_details.*flows\.load") as caught:
        check_queries(engine, shipped)
    assert isinstance(caught.value, LoanwatchError)
