"""Queries: every statement on our own tables is a .sql file of this package, with bound parameters."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text

QUERIES = Path(__file__).parent / "sql"


@cache
def read_query(name: str) -> TextClause:
    """The query of a file below `sql/`, named without its ending: `read_query("registry/last_hash")`."""
    return text((QUERIES / f"{name}.sql").read_text(encoding="utf-8"))
