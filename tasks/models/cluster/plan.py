"""Plan: which days each part of a window on a cluster has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import Connection

from tasks.contract.contract import Contract
from tasks.core.windows import Window
from tasks.extract.by_table.cut import cut_window
from tasks.extract.held_days import count_days, count_days_in_order
from tasks.extract.query_results import DOTTED_ROWS
from tasks.models.cluster.errors import UncutQueryError

# More parts than threads: nobody waits long for the slowest. Not many more: each may cost a look at the whole table.
PARTS_PER_THREAD = 2


@dataclass(frozen=True)
class Plan:
    """The days of each part in their order, and how many rows each must have; None where that is not known."""

    parts: tuple[Window, ...]
    rows: tuple[int, ...] | None = None


def plan_parts(connection: Connection, contract: Contract, window: Window, most_rows: int, threads: int) -> Plan:
    """Parts of at most so many rows for so many threads. Raises UncutQueryError where the query cannot be cut."""
    if contract.parts is not None:
        return Plan(tuple(cut_evenly(window, count_days(connection, contract)[0], most_rows, threads)))
    rows = count_days_in_order(connection, contract, window)
    if rows is None:
        raise UncutQueryError(
            f"{contract.query} does not return its rows in the order of days. Let it end with `order by "
            f"{contract.time.name}`, and a cluster can read it."
        )
    cut = tuple(fill_first(cut_evenly(window, rows, most_rows, threads), rows, DOTTED_ROWS))
    return Plan(cut, tuple(count_rows(days, rows) for days in cut))


def cut_evenly(window: Window, rows: Mapping[date, int], most_rows: int, threads: int) -> list[Window]:
    """Parts of whole days and about equal numbers of rows, of at most so many unless one day has more.

    Examples
    --------
    >>> rows = {date(2024, 8, day): 100 + day for day in range(1, 32)}
    >>> [part.days for part in cut_evenly(Window(date(2024, 8, 1), date(2024, 8, 31)), rows, 10_000, threads=2)]
    [9, 8, 7, 7]
    """
    total = max(count_rows(window, rows), 1)
    parts = max(PARTS_PER_THREAD * threads, -(-total // most_rows))
    days = [window.start + timedelta(days=number) for number in range(window.days)]
    counts = np.array([rows.get(day, 0) for day in days])
    # A day belongs to the part in which its middle lies.
    places = np.minimum((np.cumsum(counts) - counts / 2) * parts // total, parts - 1)
    groups = np.split(np.array(days), np.flatnonzero(np.diff(places)) + 1)
    return [part for group in groups for part in cut_window(Window(group[0], group[-1]), rows, most_rows)]


def fill_first(cut: list[Window], rows: Mapping[date, int], least: int) -> list[Window]:
    """The same parts, the first of which has so many rows at least: the form of numbers is found in the first rows."""
    while len(cut) > 1 and count_rows(cut[0], rows) < least:
        cut = [Window(cut[0].start, cut[1].end), *cut[2:]]
    return cut


def count_rows(days: Window, rows: Mapping[date, int]) -> int:
    """The rows of some days."""
    return sum(count for day, count in rows.items() if days.contains(day))


def group_parts(parts: tuple[Window, ...], groups: int) -> list[tuple[Window, ...]]:
    """Adjacent parts in at most so many groups of about the same number.

    Examples
    --------
    >>> days = [Window(date(2024, 8, day), date(2024, 8, day)) for day in range(1, 6)]
    >>> [len(group) for group in group_parts(tuple(days), 2)]
    [3, 2]
    """
    size = -(-len(parts) // groups)
    return [parts[start : start + size] for start in range(0, len(parts), size)]
