"""Held days: which days a table holds, by the contract's own count where it has one, else by its query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine

from blocks.postgres.copy import fetch_row, quote_name
from tasks.contract.contract import Contract
from tasks.contract.queries import read_query
from tasks.core.held_days import HeldDays, find_usual_days, trust_ends
from tasks.core.windows import FIRST_DAY, LAST_DAY, Window
from tasks.extract.query_results import ExtractError, read_column, stream_texts
from tasks.extract.table import find_typed, read_table

ANY_DAY = {"start": FIRST_DAY, "end": LAST_DAY}


def find_held_days(engine: Engine, contract: Contract, today: date) -> HeldDays | None:
    """The days that the table holds, and the rows far from them; None if it holds no application.

    `undated_query` may return `days`, the applications of each day, or only `first_day` and `last_day`. The ends alone
    are believed unless they lie in the future: then, and where no such query is, the contract's query is read whole.
    Raises ExtractError where `days` cannot be read.
    """
    with read_table(engine, contract) as connection:
        told: dict[str, Any] = {}
        if contract.undated_query is not None:
            told = fetch_row(connection, read_query(contract, contract.undated_query), ANY_DAY)
        if "days" in told:
            return find_usual_days(_read_days(contract, told["days"]), today)
        if {"first_day", "last_day"} <= told.keys() and (told["last_day"] is None or told["last_day"] <= today):
            return trust_ends(told["first_day"], told["last_day"], today) if told["last_day"] else None
        return find_usual_days(_count_days(connection, contract), today)


def count_days(connection: Connection, contract: Contract) -> tuple[dict[date, int], int]:
    """The applications of each day of the table, by the contract's own count where it has one, else by its query.

    The second are the rows of the whole table without a time that can be read, where the contract has a query for them.
    """
    if contract.undated_query is None:
        return _count_days(connection, contract), 0
    told = fetch_row(connection, read_query(contract, contract.undated_query), ANY_DAY)
    days = _read_days(contract, told["days"]) if "days" in told else _count_days(connection, contract)
    return days, _read_undated(contract, told)


def count_undated(connection: Connection, contract: Contract) -> int:
    """The rows of the whole table without a time that can be read, where the contract has a query that counts them."""
    if contract.undated_query is None:
        return 0
    return _read_undated(contract, fetch_row(connection, read_query(contract, contract.undated_query), ANY_DAY))


def _read_undated(contract: Contract, told: dict[str, Any]) -> int:
    try:
        return int(next(iter(told.values())))
    except (StopIteration, TypeError, ValueError):
        file = contract.find_query(contract.undated_query or "")
        raise ExtractError(
            f"{file} does not return a count first. Let it return one row: how many rows have no time that can be read."
        ) from None


def _read_days(contract: Contract, told: Any) -> dict[date, int]:
    """The applications of each day, as the contract's query has counted them."""
    try:
        return {date.fromisoformat(day): int(rows) for day, rows in (told or {}).items()}
    except (AttributeError, TypeError, ValueError):
        raise ExtractError(
            f"`days` in the answer of {contract.undated_query} cannot be read. Let the query return one JSON object of "
            'days and their rows, such as {"2024-08-01": 53}.'
        ) from None


def _count_days(connection: Connection, contract: Contract) -> dict[date, int]:
    """The applications of each day that the contract's query returns, by the reader of its windows."""
    days: Counter[date] = Counter()
    for batch in _stream_days(connection, contract, ANY_DAY, f"where {quote_name(contract.time.name)} is not null"):
        _add_days(days, batch.drop_null())
    return dict(days)


def count_days_in_order(connection: Connection, contract: Contract, window: Window) -> dict[date, int] | None:
    """The rows of each day of the query's answer for a window; None where it is not the days' rows, one after another.

    A row without a day, or one of a day that comes before the row before it, cannot be found in the answer for its day.
    """
    days: Counter[date] = Counter()
    last = window.start
    for batch in _stream_days(connection, contract, {"start": window.start, "end": window.end}):
        if len(batch) == 0:
            continue
        order = pc.all(pc.greater_equal(batch.slice(1), batch.slice(0, len(batch) - 1))).as_py()
        if batch.null_count or not order or batch[0].as_py() < last or batch[-1].as_py() > window.end:
            return None
        _add_days(days, batch)
        last = batch[-1].as_py()
    return dict(days)


def _stream_days(
    connection: Connection, contract: Contract, parameters: Mapping[str, Any], where: str = ""
) -> Iterator[pa.Array]:
    """The day of each row that the contract's query returns, null where it cannot be read."""
    query, time = read_query(contract), contract.time
    is_typed = time.name in find_typed(connection, query, parameters, contract)
    times = query.wrap(f"select {quote_name(time.name)} from (\n", f"\n) as held {where}")  # noqa: S608 - a quoted name
    with stream_texts(connection, times, dict(parameters), contract) as reader:
        for batch in reader:
            read, _ = read_column(time, batch.column(0), contract.list_missing(time), is_typed=is_typed)
            yield pc.cast(read, pa.date32(), safe=False)


def _add_days(days: Counter[date], batch: pa.Array) -> None:
    for day, rows in zip(*pc.value_counts(batch).flatten(), strict=True):
        days[day.as_py()] += rows.as_py()
