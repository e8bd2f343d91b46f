"""The two sides of a comparison: the rows that are compared, with what, and what their tables lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from blocks.errors import UsageError
from tasks.contract.columns import Role
from tasks.contract.contract import Contract
from tasks.core.windows import FIRST_DAY, LAST_DAY, Window
from tasks.extract.extract import Extract
from tasks.quality.hashes import find_copies

# Tables without a time have days all the same, as a contract has: made up, and looked at by no check.
NO_DAYS = Window(date(2000, 1, 1), date(2000, 1, 31))
_LACKS = {
    Role.ID: "The tables have no column that identifies a row: rows are numbered, and repeats are not looked for.",
    Role.TIME: (
        "The tables have no time: whether rows have arrived and decisions have come in was not checked, differing days "
        "are not allowed for, and no change is dated."
    ),
    Role.TARGET: "No target was named: only data quality and data drift were tested.",
}


class SideError(UsageError):
    """Two tables cannot be compared."""


@dataclass(frozen=True, eq=False)
class Side:
    """One table: its name for the reader, its rows, and the days that they are of."""

    name: str
    extract: Extract
    days: Window

    @property
    def applications(self) -> pd.DataFrame:
        """The rows."""
        return self.extract.applications


@dataclass(frozen=True, eq=False)
class Sides:
    """Both tables as the contract describes them.

    Parameters
    ----------
    contract
        What the columns are. Where a table lacks an id, a time or a target, the contract names one that is made up.
    reference, window
        The rows to compare with, and those that are compared.
    lacks
        The roles whose columns are made up.
    notes
        What else the reader has to know of how the tables were read.
    """

    contract: Contract
    reference: Side
    window: Side
    lacks: frozenset[Role] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def has_days(self) -> bool:
        """Whether the rows have a time."""
        return Role.TIME not in self.lacks

    @property
    def has_target(self) -> bool:
        """Whether the rows have a decision."""
        return Role.TARGET not in self.lacks

    @property
    def last_day(self) -> date:
        """The last day that either table holds: both are read on it, or later."""
        return max(self.reference.days.end, self.window.days.end)

    def list_notes(self) -> list[str]:
        """What was left out, and why."""
        return [*(_LACKS[role] for role in _LACKS if role in self.lacks), *self.notes]


def make_sides(
    contract: Contract,
    tables: Sequence[tuple[str, Extract]],
    lacks: frozenset[Role] = frozenset(),
    notes: tuple[str, ...] = (),
) -> Sides:
    """Both sides, the reference first, with each application once.

    Raises SideError where a table has no rows, or none with a time.
    """
    sides = [_make_side(contract, name, extract, lacks) for name, extract in tables]
    return Sides(contract, sides[0], sides[1], lacks, notes)


def _make_side(contract: Contract, name: str, extract: Extract, lacks: frozenset[Role]) -> Side:
    if not len(extract.applications):
        raise SideError(f"{name} has no rows. Name a table that has some.")
    if Role.TIME in lacks:
        return Side(name, keep_latest(contract, extract, lacks), NO_DAYS)
    dated = _leave_undated_out(contract, extract)
    if not len(dated.applications):
        raise SideError(f"No row of {name} has a valid {contract.time.name}. Name another column with `time`.")
    times = dated.applications[contract.time.name]
    return Side(name, keep_latest(contract, dated, lacks), Window(times.min().date(), times.max().date()))


def _leave_undated_out(contract: Contract, extract: Extract) -> Extract:
    """The rows with a time of a possible year; the others are counted."""
    times = extract.applications[contract.time.name]
    after = pd.Timestamp(LAST_DAY + timedelta(days=1))
    is_dated = ((times >= pd.Timestamp(FIRST_DAY)) & (times < after)).to_numpy()
    if is_dated.all():
        return extract
    rows = extract.applications.loc[is_dated].reset_index(drop=True)
    return replace(extract, applications=rows, undated=extract.undated + int((~is_dated).sum()))


def keep_latest(contract: Contract, extract: Extract, lacks: frozenset[Role] = frozenset()) -> Extract:
    """Each application once, as a lender's query returns it: exact repeats collapse, and the latest version counts.

    Rows that were numbered all differ, and without a time no version is the latest.
    """
    rows = extract.applications
    if Role.ID in lacks:
        return extract
    is_repeat = find_copies(rows, [column.name for column in contract.columns])
    is_older = np.zeros(len(rows), dtype=bool)
    if Role.TIME not in lacks:
        kept = rows.loc[~is_repeat, [contract.id.name, contract.time.name]].dropna(subset=[contract.id.name])
        ordered = kept.sort_values(contract.time.name, kind="stable")
        is_older[ordered.index[ordered[contract.id.name].duplicated(keep="last")]] = True
    if not (is_repeat | is_older).any():
        return extract
    return replace(
        extract,
        applications=rows.loc[~(is_repeat | is_older)].reset_index(drop=True),
        repeats=extract.repeats + int(is_repeat.sum()),
        older_versions=extract.older_versions + int(is_older.sum()),
    )
