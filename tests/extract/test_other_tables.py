"""Lenders' tables as they are: one reader of times for the days of a table and for a window, on a real PostgreSQL."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from tasks.contract.contract import Contract
from tasks.core.held_days import HeldDays
from tasks.core.windows import Window
from tasks.extract.extract import extract_window, stream_window
from tasks.extract.held_days import find_held_days
from tasks.extract.query_results import ExtractError

TODAY = date(2026, 1, 15)
NAMES = 'id, "AppliedAt", decision, amount'
BERLIN = {"timezone": "Europe/Berlin"}


def describe(folder: Path, condition: str, time: dict[str, Any] | None = None, **options: Any) -> Contract:
    (folder / "q.sql").write_text(f"select {NAMES} from book where {condition};")
    columns = [
        {"name": "id", "role": "id"},
        {"name": "AppliedAt", "role": "time"} | (time or {}),
        {"name": "decision", "role": "target", "type": "boolean", "positive": True},
        {"name": "amount", "type": "number"},
    ]
    described = {"name": "book", "query": "q.sql", "column": columns, "file": folder / "c.toml"}
    return Contract.model_validate(described | options)


def fill(engine: Engine, kind: str, times: list[str], amount: str = "text", amounts: str = "1.000,50") -> None:
    with engine.begin() as connection:
        connection.execute(text(f'create table book (id int, "AppliedAt" {kind}, decision boolean, amount {amount})'))
        for row, time in enumerate(times):
            connection.execute(
                text("insert into book values (:id, :time, :decision, :amount)"),
                {"id": row, "time": time, "decision": row % 2 == 0, "amount": amounts},
            )


PLAIN = '"AppliedAt" >= %(start)s and "AppliedAt" < %(end)s::date + 1'
TABLES: dict[str, tuple[Any, ...]] = {
    "a quoted capital name": ("timestamp", ["2024-03-01", "2024-03-31 23:59:59.5"], PLAIN, {}, {}),
    "days first, as text": (
        "text",
        ["01-03-2024 08:00", "31-03-2024 23:59"],
        """to_date("AppliedAt", 'DD-MM-YYYY') between %(start)s and %(end)s""",
        {},
        {},
    ),
    "times with a zone": (
        "timestamptz",
        ["2024-02-29 23:00:00+00", "2024-03-31 23:59:59+02"],  # the first is 1 March in Berlin
        PLAIN,
        {},
        BERLIN,
    ),
    "times with a zone, in UTC": (
        "timestamptz",
        ["2024-02-29 20:00:00-05", "2024-03-31 23:59:59+00"],
        PLAIN,
        {},
        {},
    ),
    "months": (
        "text",
        ["Mar-2024", "mar-2024"],
        """to_date("AppliedAt", 'Mon-YYYY') between %(start)s and %(end)s""",
        {"formats": ["%b-%Y"]},
        {},
    ),
    "seconds since 1970": (
        "bigint",
        ["1709247600", "1711922399"],  # the first and the last second of March in Berlin
        """to_timestamp("AppliedAt") >= %(start)s and to_timestamp("AppliedAt") < %(end)s::date + 1""",
        {"formats": ["unix"]},
        BERLIN,
    ),
    "days since 1960": (
        "int",
        ["23436", "23466"],
        """date '1960-01-01' + "AppliedAt" between %(start)s and %(end)s""",
        {"formats": ["days since 1960-01-01"]},
        BERLIN,
    ),
    "a time of the database, though the file had another form": (
        "timestamp",
        ["2024-03-01", "2024-03-31"],
        PLAIN,
        {"formats": ["%d.%m.%Y"]},
        BERLIN,
    ),
}
FIRST, LAST = date(2024, 3, 1), date(2024, 3, 31)


@pytest.mark.parametrize(("kind", "times", "condition", "time", "options"), TABLES.values(), ids=list(TABLES))
def test_days_and_windows_of_a_table_have_one_reader(
    engine: Engine, tmp_path: Path, kind: str, times: list[str], condition: str, time: Any, options: Any
) -> None:
    fill(engine, kind, times)
    contract = describe(tmp_path, condition, time, **options, decimal=",")
    held = find_held_days(engine, contract, TODAY)
    is_monthly = time.get("formats") == ["%b-%Y"]
    assert held == HeldDays(FIRST, FIRST if is_monthly else LAST, (), TODAY)
    march = extract_window(engine, contract, Window(FIRST, LAST))
    assert march.unreadable == {}
    frame = march.applications
    assert sorted(frame["AppliedAt"].dt.date) == ([FIRST, FIRST] if is_monthly else [FIRST, LAST])
    assert frame["decision"].tolist() == ["true", "false"]
    assert frame["amount"].tolist() == [1000.5, 1000.5]
    for other in (Window(date(2024, 2, 1), date(2024, 2, 29)), Window(date(2024, 4, 1), date(2024, 4, 30))):
        assert len(extract_window(engine, contract, other).applications) == 0
    chunks = list(stream_window(engine, contract, Window(FIRST, LAST), 1))
    pd.testing.assert_frame_equal(pd.concat(chunks), frame)


@pytest.mark.parametrize("kind", ["double precision", "numeric(10, 3)", "bigint", "text"])
def test_a_number_of_the_database_has_no_decimal_comma(engine: Engine, tmp_path: Path, kind: str) -> None:
    written = {"text": "8.950", "bigint": "8950"}.get(kind, "8.950")
    fill(engine, "timestamp", ["2024-03-01"], kind, written)
    contract = describe(tmp_path, PLAIN, decimal=",")
    amount = extract_window(engine, contract, Window(FIRST, LAST)).applications["amount"].tolist()
    assert amount == [8950 if kind in ("text", "bigint") else 8.95]


def test_a_zone_that_the_server_does_not_know_is_named(engine: Engine, tmp_path: Path) -> None:
    fill(engine, "timestamp", ["2024-03-01"])
    contract = describe(tmp_path, PLAIN)
    unknown = contract.model_copy(update={"timezone": "Mars/Olympus"})
    with pytest.raises(ExtractError, match="Mars/Olympus"):
        extract_window(engine, unknown, Window(FIRST, LAST))


def test_the_zone_is_the_transactions_alone(engine: Engine, tmp_path: Path) -> None:
    fill(engine, "timestamp", ["2024-03-01"])
    extract_window(engine, describe(tmp_path, PLAIN, **BERLIN), Window(FIRST, LAST))
    with engine.connect() as connection:
        assert connection.execute(text("show timezone")).scalar_one() == "UTC"
