"""What the server says of a lender's query: where in its file, and what to change."""

from __future__ import annotations

import re

import psycopg2

from blocks.postgres.errors import (
    DatabaseError,
    PermissionMissingError,
    QueryError,
    SourceMissingError,
    WriteRefusedError,
    explain_driver,
)
from blocks.postgres.query import Bound

QUOTED = "A name with capitals, blanks or other signs has to stand in double quotes"
CASTS = (
    "Select the column as it is, since loanwatch reads numbers and times from texts, or keep the cast from what it "
    "cannot read"
)
# By SQLSTATE: what to change.
ADVICE = {
    "42P01": f"Load the tables with `python -m flows.load DIR`, correct the name, or name another database. {QUOTED}",
    "42703": f"Load the tables with `python -m flows.load DIR`, or correct the column's name. {QUOTED}",
    "3F000": "Correct the schema's name, or name another database",
    "42702": "Write the table before the column, as in loan.status",
    "42883": "Cast the values to the types that are meant, as in income::numeric or applied_at::timestamp",
    "42804": "Cast the values to one type, as in income::numeric",
    "42846": "Cast the value by way of text, as in flag::text",
    "42803": "Add the column to `group by`, or aggregate it",
    "42601": "Correct the SQL there",
    "40001": "A replica ends a query that holds up its replay: run it again, and set hot_standby_feedback there, or "
    "raise max_standby_streaming_delay",
    "22012": "Write the divisor as nullif(divisor, 0)",
    "22P02": CASTS,
    "22007": CASTS,
    "22008": CASTS,
    "22003": CASTS,
    "22P05": "Replace the sign, which the database's encoding does not have",
    "22021": "The database has no encoding of its own, and the table holds another one than UTF-8. Select the column "
    "by way of convert_from(convert(convert_to(NAME, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'UTF8')",
}
OF_DATA = "22"  # the class of states whose messages quote values
LONGEST_VALUE = 12


def explain_query(error: psycopg2.Error, bound: Bound) -> DatabaseError:
    """Our error for one that the server raised about a query.

    Where it knows the place, the query's line is shown. A value that it quotes is cut short.
    """
    state = error.pgcode or ""
    explained = explain_driver(error)
    if explained is not None and not isinstance(explained, (SourceMissingError, WriteRefusedError)):
        return _add_file(explained, bound) if isinstance(explained, PermissionMissingError) else explained
    said = shorten_values(error.diag.message_primary or str(error).strip() or type(error).__name__, state)
    kind = type(explained) if explained is not None else QueryError
    if "data-modifying" in said or "read-only" in said:
        kind, said = WriteRefusedError, f"a query that should only read tries to write ({said})"
    hint = f" The server's hint: {error.diag.message_hint}" if error.diag.message_hint and state != "42601" else ""
    offset = bound.find(int(error.diag.statement_position)) if error.diag.statement_position else None
    place = bound.query.name_place(offset) if offset is not None else bound.query.file or "The query"
    shown = f"\n{bound.query.show_place(offset)}" if offset is not None else ""
    return kind(f"{place}: {said}. {ADVICE.get(state, 'Correct the query')}.{hint}{shown}")


def shorten_values(said: str, state: str) -> str:
    """A message without the rest of a long value: it may be a person's."""
    if not state.startswith(OF_DATA):
        return said
    return re.sub(
        r'"([^"]*)"',
        lambda value: f'"{value[1]}"' if len(value[1]) <= LONGEST_VALUE else f'"{value[1][:LONGEST_VALUE]}…"',
        said,
    )


def _add_file(explained: DatabaseError, bound: Bound) -> DatabaseError:
    return type(explained)(f"{bound.query.file}: {explained}") if bound.query.file else explained
