"""Before a run: do the contract's queries work, and do they return what the contract describes?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from sqlalchemy import Connection, Engine, text

from blocks.errors import LoanwatchError
from blocks.postgres.connect import read_snapshot
from blocks.postgres.copy import list_types, quote_name
from blocks.postgres.errors import PermissionMissingError, QueryError, SourceMissingError, WriteRefusedError
from blocks.postgres.query import Query
from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.contract.queries import QueryMistakeError, list_text_mistakes, raise_together, read_query
from tasks.extract.held_days import ANY_DAY

MISTAKES = (QueryError, SourceMissingError, WriteRefusedError, PermissionMissingError)
# Types whose texts are never a number, and never a time.
_NO_NUMBER = re.compile(r"boolean|date|time|interval|uuid|json|bytea|xml|\[\]$")
_NO_TIME = re.compile(r"boolean|^time |interval|uuid|json|bytea|xml|\[\]$")

Columns = Sequence[tuple[str, str]]


def check_texts(contract: Contract) -> None:
    """Look at the contract's queries as they are written, without a database. Raises QueryMistakeError."""
    raise_together([mistake for name in contract.queries for mistake in _list_text_mistakes(contract, name)])


def check_queries(engine: Engine, contract: Contract) -> None:
    """Let the database prepare the contract's queries, and compare what they return with the contract.

    Raises QueryMistakeError with all mistakes at once; where all are of one of these kinds, SourceMissingError,
    WriteRefusedError or PermissionMissingError.
    """
    mistakes: list[LoanwatchError] = []
    for name in contract.queries:
        found = list(_list_text_mistakes(contract, name))
        mistakes += found or _prepare(engine, contract, name)
    raise_together(mistakes)


def _list_text_mistakes(contract: Contract, name: str) -> Iterator[LoanwatchError]:
    try:
        query = read_query(contract, name)
    except QueryMistakeError as error:
        yield error
    else:
        # A part may return more than the window.
        yield from list_text_mistakes(query, needs_days=name == contract.query)


def _prepare(engine: Engine, contract: Contract, name: str) -> Iterator[LoanwatchError]:
    query = read_query(contract, name)
    try:
        with read_snapshot(engine) as connection:
            returned = _name_types(connection, list_types(connection, query, ANY_DAY))
    except QueryError as error:
        yield QueryMistakeError(str(error))
    except MISTAKES as error:
        yield error
    else:
        if name == contract.query:
            mistakes = list(compare_columns(query, contract.columns, returned))
            if mistakes:
                told = "\n".join(f"  {mistake}" for mistake in mistakes)
                yield QueryMistakeError(f"{query.file} does not return what the contract {contract.name} says:\n{told}")


def _name_types(connection: Connection, columns: Sequence[tuple[str, int]]) -> Columns:
    """The same columns with the names of their types."""
    named = text("select oid, format_type(oid, null) from pg_type where oid = any(cast(:kinds as oid[]))")
    names = {row[0]: row[1] for row in connection.execute(named, {"kinds": [kind for _, kind in columns]})}
    return [(name, str(names.get(kind, "unknown"))) for name, kind in columns]


def compare_columns(query: Query, described: Sequence[Column], returned: Columns) -> Iterator[str]:
    """How the columns of a query's answer differ from those that the contract describes; others do no harm."""
    types, counts = dict(returned), Counter(name for name, _ in returned)
    for column in described:
        if not counts[column.name]:
            yield _tell_missing(column.name, [name for name in types if name not in {one.name for one in described}])
        elif counts[column.name] > 1:
            yield f"{column.name}: returned {counts[column.name]} times. Select it once."
        elif (_NO_NUMBER if column.type == "number" else _NO_TIME).search(types[column.name]) and column.type in (
            "number",
            "time",
        ):
            yield (
                f"{column.name}: the contract says {column.type}, and the query returns {types[column.name]}. Select "
                f"it as a {column.type}, or correct its type in the contract."
            )


def _tell_missing(name: str, others: list[str]) -> str:
    """What to write where a column is missing that another one may be."""
    same = [other for other in others if _bare(other) == _bare(name)]
    if same:
        return f"{name}: not returned, but {quote_name(same[0])} is. Select it as {quote_name(same[0])} as {name}."
    near = get_close_matches(name, others, 1)
    meant = f" Is {quote_name(near[0])} meant? Then select it as {quote_name(near[0])} as {name}." if near else ""
    return f"{name}: not returned.{meant or ' Select it, or take it out of the contract.'}"


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
