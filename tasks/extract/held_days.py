"""Held days: which days a table holds, by the contract's own count where it has one, else by its query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine

from blocks.postgres.connect import read_snapshot
from blocks.postgres.copy import fetch_row
from tasks.contract.contract import Contract
from tasks.core.held_days import HeldDays, find_usual_days, trust_ends
from tasks.core.windows import FIRST_DAY, LAST_DAY
from tasks.extract.parsing import UnreadableTextError, read_time
from tasks.extract.query_results import ExtractError

ANY_DAY = {"start": FIRST_DAY, "end": LAST_DAY}


def find_held_days(engine: Engine, contract: Contract, today: date) -> HeldDays | None:
    """The days that the table holds, and the rows far from them; None if it holds no application.

    `undated_query` may return `days`, the applications of each day, or only `first_day` and `last_day`. The ends alone
    are believed unless they lie in the future: then, and where no such query is, the contract's query is read whole.
    Raises ExtractError where `days` cannot be read.
    """
    with read_snapshot(engine) as connection:
        told: dict[str, Any] = {}
        if contract.undated_query is not None:
            told = fetch_row(connection, contract.read_query(contract.undated_query), ANY_DAY)
        if "days" in told:
            return find_usual_days(_read_days(contract, told["days"]), today)
        if {"first_day", "last_day"} <= told.keys() and (told["last_day"] is None or told["last_day"] <= today):
            return trust_ends(told["first_day"], told["last_day"], today) if told["last_day"] else None
        return find_usual_days(_count_days(connection, contract), today)


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
    """The applications of each day that the contract's query returns; a day is the start of its time's text."""
    query = contract.read_query().rstrip().rstrip(";")
    counted = (
        "select coalesce(jsonb_object_agg(written, rows), '{}') as days from (\n"  # noqa: S608 - the contract's names
        f"select left(btrim({contract.time.name}::text), 10) as written, count(*) as rows from (\n{query}\n) as held\n"
        f"where {contract.time.name} is not null group by 1) as counted"
    )
    return _add_up(fetch_row(connection, counted, ANY_DAY)["days"])


def _add_up(rows: Mapping[str, int]) -> dict[date, int]:
    """The rows by their day; a day may be written in two ways, and what is no day belongs to none."""
    days: dict[date, int] = {}
    for written, count in rows.items():
        try:
            time = read_time(written)
        except UnreadableTextError:
            continue
        if time is not None:
            days[time.date()] = days.get(time.date(), 0) + count
    return days
