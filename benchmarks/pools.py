"""Pools: the real applications that the benchmark draws its windows from.

The three source tables are read from CSV files through plain pandas, with no database between, into the frame that the
extraction makes. The longest time without an application parts them into two pools.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from blocks.errors import LoanwatchError, UsageError
from tasks.contract.columns import Column, Source
from tasks.contract.contract import Contract
from tasks.core.arrays import Integers


class DataError(UsageError):
    """The folder does not hold the tables that the benchmark needs."""


class PoolError(LoanwatchError):
    """The applications cannot be split into pools."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Labelled applications of one stretch of time, one row each, with a RangeIndex. Equal to itself only."""

    name: str
    applications: pd.DataFrame
    first_day: date
    last_day: date

    def __len__(self) -> int:
        return len(self.applications)

    def can_supply(self, *windows: int) -> bool:
        """Whether windows of these sizes can be drawn with no row in two of them."""
        return sum(windows) <= len(self)


def read_applications(folder: Path, contract: Contract) -> pd.DataFrame:
    """Every dated application of the folder's CSV files, in the order of their times.

    Each `[[source]]` of the contract is one file, `TABLE.csv`. The first table is the applications; the others are
    joined on the customer. A customer whose records differ is ambiguous: its columns are missing.
    Raises DataError where the folder, a file or a column is missing.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}: give --data the folder that holds the CSV files.")
    tables = [_read_table(folder, source) for source in contract.sources]
    if not tables or contract.customer is None:
        raise DataError(f"The contract {contract.name} names no source tables or no customer column: add them to it.")
    customer = contract.customer.name
    joined = tables[0].drop_duplicates()
    for table in tables[1:]:
        known = table.drop_duplicates().dropna(subset=[customer])
        joined = joined.merge(known[~known[customer].duplicated(keep=False)], on=customer, how="left")
    typed = pd.DataFrame({column.name: _read_column(column, joined[column.name]) for column in contract.columns})
    return typed.dropna(subset=[contract.time.name]).sort_values(contract.time.name, kind="stable", ignore_index=True)


def _read_table(folder: Path, source: Source) -> pd.DataFrame:
    file = folder / f"{source.table}.csv"
    if not file.is_file():
        raise DataError(f"{file} is missing: --data needs one CSV file, with a header row, for each source table.")
    table = pd.read_csv(file, dtype=str)
    missing = [column for column in source.columns if column not in table]
    if missing:
        raise DataError(f"{file} has no column {', '.join(missing)}: the contract says that it has.")
    return table[list(source.columns)]


def _read_column(column: Column, text: pd.Series) -> pd.Series:
    """Text as the column's type; what cannot be read is missing."""
    if column.type == "number":
        return pd.to_numeric(text.str.replace(r"[$,\s]", "", regex=True), errors="coerce").astype(float)
    if column.type == "time":
        day_first = pd.to_datetime(text, format="%d-%m-%Y %H:%M", errors="coerce")
        return day_first.fillna(pd.to_datetime(text, format="ISO8601", errors="coerce")).astype("datetime64[ns]")
    if column.type == "category":
        return text.str.strip().str.lower().replace(column.aliases).astype("category")
    return text


def split_pools(applications: pd.DataFrame, contract: Contract, split: date | None = None) -> tuple[Pool, Pool]:
    """The labelled applications before and after the longest gap between two applications, or before and from `split`.

    Of several versions of one loan in a pool the latest counts. Raises PoolError where a side would be empty.
    """
    labelled = applications[applications[contract.target.name].isin(list(contract.target.allowed or ()))]
    times = labelled[contract.time.name]
    if times.nunique() < 2:
        raise PoolError("There are fewer than two dated applications with a decision: the benchmark needs two pools.")
    start = pd.Timestamp(split) if split else times.iloc[int(np.argmax(np.diff(times.to_numpy()))) + 1]
    is_after = (times >= start).to_numpy()
    if is_after.all() or not is_after.any():
        raise PoolError(f"--split {split} leaves one side empty: applications run from {times.min()} to {times.max()}.")
    return _make_pool("before", labelled[~is_after], contract), _make_pool("after", labelled[is_after], contract)


def _make_pool(name: str, applications: pd.DataFrame, contract: Contract) -> Pool:
    latest = applications.drop_duplicates(contract.id.name, keep="last").reset_index(drop=True)
    times = latest[contract.time.name]
    return Pool(name, latest, times.min().date(), times.max().date())


def draw_disjoint(pool: Pool, sizes: tuple[int, ...], random: np.random.Generator) -> list[pd.DataFrame]:
    """Windows of these sizes at random and then all that is left, no row in two of them, each in random order."""
    return [take(pool.applications, rows) for rows in np.split(random.permutation(len(pool)), np.cumsum(sizes))]


def draw_bootstrap(pool: Pool, size: int, random: np.random.Generator) -> pd.DataFrame:
    """A window of any size: rows drawn with replacement, then jittered so that they are no exact repeats.

    Every number with more than 20 values is multiplied by exp(N(0, 0.01)); values that stand for something else
    (their share is 5 % or more, like a sentinel) and numbers with fewer values, which are counts, stay as they are.
    """
    window = take(pool.applications, random.integers(len(pool), size=size))
    for name in window.select_dtypes("number").columns:
        shares = pool.applications[name].value_counts(normalize=True)
        if len(shares) > 20:
            jittered = window[name] * np.exp(random.normal(0, 0.01, size))
            window[name] = window[name].where(window[name].isin(shares.index[shares >= 0.05]), jittered)
    return window


def take(applications: pd.DataFrame, rows: Integers) -> pd.DataFrame:
    """These rows, in this order, as a frame of its own."""
    return applications.take(rows).reset_index(drop=True)
