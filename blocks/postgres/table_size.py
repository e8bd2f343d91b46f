"""Table size: how much a query could read at most, without running it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, text

from blocks.postgres.copy import fetch_row
from blocks.postgres.query import Query

_SIZE = text(
    "select coalesce(sum(pg_table_size(c.oid)), 0) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where (n.nspname, c.relname) in (select * from unnest(cast(:schemas as text[]), cast(:tables as text[])))"
)


def measure_tables(connection: Connection, query: Query, parameters: Mapping[str, Any]) -> int:
    """The bytes of all tables that the query's plan names. Foreign tables count as nothing."""
    told = fetch_row(connection, query.wrap("explain (verbose, format json)\n", ""), parameters)
    plan: Any = next(iter(told.values()), [])
    tables = sorted(set(_list_tables(json.loads(plan) if isinstance(plan, str) else plan)))
    sizes = {"schemas": [schema for schema, _ in tables], "tables": [table for _, table in tables]}
    return int(connection.execute(_SIZE, sizes).scalar_one()) if tables else 0


def _list_tables(plan: Any) -> Iterator[tuple[str, str]]:
    if isinstance(plan, list):
        for step in plan:
            yield from _list_tables(step)
    elif isinstance(plan, dict):
        if "Relation Name" in plan:
            yield str(plan.get("Schema", "public")), str(plan["Relation Name"])
        for step in plan.values():
            yield from _list_tables(step)
