"""Held days, as each kind of contract tells them, on a real PostgreSQL."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.held_days import HeldDays
from tasks.core.windows import Window
from tasks.extract.extract import extract_window
from tasks.extract.held_days import find_held_days
from tasks.extract.query_results import ExtractError
from tests.support import second_lender
from tests.support.source_rows import CONTRACT, LOAN, insert

TODAY = date(2026, 1, 15)
SECOND = load_contract(second_lender.CONTRACT)
FIRST, LAST = date(2023, 1, 1), date(2023, 2, 28)
ENDS = "select 0 as undated, min(asked_at)::date as first_day, max(asked_at)::date as last_day from card_request"


@pytest.fixture
def requests(engine: Engine) -> Engine:
    """Two months of requests, and one row of 2042."""
    frame = second_lender.make_requests(months=2)
    frame.loc[0, "asked_at"] = datetime(2023, 1, 1, 8)
    frame.loc[len(frame) - 1, "asked_at"] = datetime(2023, 2, 28, 8)
    frame.loc[1, "asked_at"] = datetime(2042, 6, 1)
    second_lender.fill_table(engine, frame)
    return engine


def describe(folder: Path, undated: str) -> Contract:
    """The second lender's contract, with a query for its days."""
    (folder / "card_requests.sql").write_text(SECOND.read_query())
    (folder / "undated.sql").write_text(undated)
    return SECOND.model_copy(update={"file": folder / "c.toml", "undated_query": "undated.sql"})


@pytest.mark.slow
def test_the_shipped_contract_counts_its_days_in_one_answer(demo: Engine) -> None:
    insert(demo, "loan_details", *(LOAN | {"application_time": day} for day in ("01-06-2042 10:00", "1970-01-01")))
    insert(demo, "loan_details", LOAN | {"application_time": "31-02-2024"})
    strays = ((date(1970, 1, 1), 1), (date(2042, 6, 1), 1))
    assert find_held_days(demo, CONTRACT, TODAY) == HeldDays(date(2024, 1, 1), date(2024, 12, 31), strays, TODAY)
    without_parts = CONTRACT.model_copy(update={"parts": None})
    assert extract_window(demo, without_parts, Window(date(2024, 12, 30), date(2024, 12, 31))).undated == 1


def test_without_a_count_the_contracts_query_is_read(requests: Engine) -> None:
    assert find_held_days(requests, SECOND, TODAY) == HeldDays(FIRST, LAST, ((date(2042, 6, 1), 1),), TODAY)


def test_ends_in_the_future_are_not_believed(requests: Engine, tmp_path: Path) -> None:
    contract = describe(tmp_path, ENDS)
    assert find_held_days(requests, contract, TODAY) == HeldDays(FIRST, LAST, ((date(2042, 6, 1), 1),), TODAY)


def test_other_ends_are_believed_without_another_read(requests: Engine, tmp_path: Path) -> None:
    contract = describe(tmp_path, f"{ENDS} where asked_at < '2030-01-01'")
    (tmp_path / "card_requests.sql").write_text("select 1 / 0 as never_read")
    assert find_held_days(requests, contract, TODAY) == HeldDays(FIRST, LAST, None, TODAY)
    with requests.begin() as connection:
        connection.execute(text("truncate card_request"))
    assert find_held_days(requests, contract, TODAY) is None


@pytest.mark.parametrize("days", ["'soon'", """'{"soon": 3}'::json""", "'[1]'::json"])
def test_days_that_cannot_be_read_say_what_to_return(requests: Engine, tmp_path: Path, days: str) -> None:
    with pytest.raises(ExtractError, match=r'undated\.sql.*\{"2024-08-01": 53\}'):
        find_held_days(requests, describe(tmp_path, f"select 0 as undated, {days} as days"), TODAY)


def test_times_written_as_text_are_counted_too(requests: Engine, tmp_path: Path) -> None:
    contract = describe(tmp_path, "select 0 as undated").model_copy(update={"query": "texts.sql"})
    named = ", ".join(f"{c.name}" for c in SECOND.columns if c.name != "asked_at")
    (tmp_path / "texts.sql").write_text(
        f"select {named}, case when mod(request_no, 50) = 7 then ' soon ' "
        "else to_char(asked_at, 'DD-MM-YYYY HH24:MI') end as asked_at from card_request "
        "where asked_at between %(start)s and %(end)s;"
    )
    held = find_held_days(requests, contract, TODAY)
    assert held == HeldDays(FIRST, LAST, ((date(2042, 6, 1), 1),), TODAY)
