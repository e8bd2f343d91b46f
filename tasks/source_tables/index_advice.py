"""Index advice: indexes that make extraction faster. The tables are the lender's, so nothing is created here."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from blocks.postgres.copy import quote_name
from tasks.contract.columns import Source
from tasks.contract.contract import Contract
from tasks.schema.queries import read_query


@dataclass(frozen=True)
class Advice:
    """One index: the statement that creates it, and its purpose."""

    statement: str
    reason: str


def advise_indexes(connection: Connection, contract: Contract) -> list[Advice]:
    """Indexes that the contract's tables lack, on the time column and on the customer of every table but the first.

    They help if a window is a small part of its table. Tables that do not exist are skipped.
    """
    wanted = [*_want_time(connection, contract), *_want_customers(contract)]
    return [
        Advice(f"create index concurrently on {quote_name(source.table)} ({expression})", reason)
        for source, expression, reason in wanted
        if _is_missing(connection, source, expression)
    ]


def _want_time(connection: Connection, contract: Contract) -> list[tuple[Source, str, str]]:
    time = contract.time.source or contract.time.name
    wanted = []
    for source in contract.sources:
        if time in source.columns:
            is_text = _read_type(connection, source, time) in ("text", "character varying")
            expression = f'"left"(btrim({quote_name(time)}), 10)' if is_text else quote_name(time)
            wanted.append((source, expression, "finds a window's applications without reading the whole table"))
    return wanted


def _want_customers(contract: Contract) -> list[tuple[Source, str, str]]:
    if contract.customer is None:
        return []
    customer = contract.customer.source or contract.customer.name
    reason = "finds the records of a window's customers without reading the whole table"
    return [(source, quote_name(customer), reason) for source in contract.sources[1:] if customer in source.columns]


def _read_type(connection: Connection, source: Source, column: str) -> str | None:
    query = read_query("advise/column_type")
    found = connection.execute(query, {"table": quote_name(source.table), "column": column}).scalar()
    return None if found is None else str(found)


def _is_missing(connection: Connection, source: Source, expression: str) -> bool:
    """Whether the table exists and none of its indexes begins with the expression."""
    query = read_query("advise/leading_keys")
    keys = connection.execute(query, {"table": quote_name(source.table)}).scalars().all()
    return keys != [None] and _strip(expression) not in {_strip(key) for key in keys if key is not None}


def _strip(expression: str) -> str:
    """An index's key without the server's formatting."""
    return expression.replace('"', "").replace("(", "").replace(")", "").replace("::text", "").replace(" ", "")
