"""A large window by its days: tables are read for a few days at a time, the last ones first.

Of several versions of a loan the latest counts, so that days which were read know what is old in those before.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import Connection

from blocks.postgres.table_size import measure_tables
from tasks.contract.columns import Parts
from tasks.contract.contract import Contract
from tasks.contract.queries import read_query
from tasks.core.windows import Window
from tasks.extract.by_table.assemble import read_tables
from tasks.extract.by_table.later_ids import LaterIds
from tasks.extract.held_days import count_days
from tasks.extract.query_results import Extract

# No row of a table is smaller than its head and the pointer to it.
LEAST_ROW_BYTES = 28


def read_tables_in_parts(
    connection: Connection, contract: Contract, parts: Parts, window: Window, most_rows: int
) -> Generator[Extract, None, None]:
    """The applications of a window in parts of whole days, the last days first, each with its place among all."""
    if is_small(connection, contract, parts, window, most_rows):
        yield read_tables(connection, contract, parts, window)
        return
    rows, undated = count_days(connection, contract)
    cut, later = cut_window(window, rows, most_rows), LaterIds()
    for place, days in reversed(list(enumerate(cut))):
        read = read_tables(connection, contract, parts, days, later)
        yield replace(read, place=place, undated=max(read.undated, undated))


def is_small(connection: Connection, contract: Contract, parts: Parts, window: Window, most_rows: int) -> bool:
    """Whether the whole table is too small to hold so many rows, so that its days need not be counted."""
    parameters = {"start": window.start, "end": window.end}
    held = measure_tables(connection, read_query(contract, parts.applications), parameters)
    return held < most_rows * LEAST_ROW_BYTES


def cut_window(window: Window, rows: Mapping[date, int], most_rows: int) -> list[Window]:
    """Parts of whole days in their order, each of at most so many rows, unless one day has more.

    Examples
    --------
    >>> rows = {date(2024, 8, day): 40 for day in range(1, 6)}
    >>> [part.days for part in cut_window(Window(date(2024, 8, 1), date(2024, 8, 6)), rows, 100)]
    [2, 2, 2]
    """
    cut: list[Window] = []
    first, held = window.start, 0
    for day in (window.start + timedelta(days=number) for number in range(window.days)):
        count = rows.get(day, 0)
        if held and count and held + count > most_rows:
            cut.append(Window(first, day - timedelta(days=1)))
            first, held = day, 0
        held += count
    return [*cut, Window(first, window.end)]
