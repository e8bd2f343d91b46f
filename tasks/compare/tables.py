"""Tables: files and data frames as texts, and these as the two sides of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.compare.sides import NO_DAYS, SideError, Sides, make_sides
from tasks.contract.columns import Column, Role
from tasks.contract.contract import Contract
from tasks.core.wording import join_list
from tasks.extract.extract import Extract, read_batches
from tasks.extract.query_results import read_column
from tasks.files.read import stream_texts
from tasks.files.sniff import sniff

DAY = 86_400


@dataclass(frozen=True)
class Description:
    """What two tables are.

    Parameters
    ----------
    contract
        Their columns.
    lacks
        The roles for which the tables have no column: the contract's are made up.
    durations
        Features that are days before the application, by name; and as what column of times the dates are read.
    notes
        What else the reader has to know.
    """

    contract: Contract
    lacks: frozenset[Role] = frozenset()
    durations: Mapping[str, Column] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_sides(files: Sequence[Path], described: Description, split_at: date | None = None) -> Sides:
    """Both sides from two files, the reference first, or from one whose rows from `split_at` on are the window.

    Raises FileError where a file cannot be read, SideError where its rows cannot be compared.
    """
    if split_at is None:
        tables = [(file.name, _read_file(file, described)) for file in files]
    else:
        tables = _split(files[0], described, split_at)
    return make_sides(described.contract, tables, described.lacks, described.notes)


def write_frame(frame: pd.DataFrame, file: Path) -> None:
    """A data frame as a Parquet file, which is read as any other; values of mixed types as their texts."""
    columns = {str(name): _to_array(frame.iloc[:, place]) for place, name in enumerate(frame.columns)}
    pq.write_table(pa.table(columns), file)


def _to_array(values: pd.Series) -> pa.Array:
    try:
        return pa.Array.from_pandas(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.Array.from_pandas(values.astype(object).map(str, na_action="ignore"))


def _read_file(file: Path, described: Description) -> Extract:
    return read_batches(described.contract, _stream(file, described))


def _stream(file: Path, described: Description) -> Iterator[pa.RecordBatch]:
    """The file's rows as the contract names them: with durations, and with what the tables lack.

    Raises SideError where the file lacks a column.
    """
    numbers = count(1)
    for batch in stream_texts(file, sniff(file)):
        yield _add_lacking(_add_durations(_name_columns(batch, described, file), described), described, numbers)


def _name_columns(batch: pa.RecordBatch, described: Description, file: Path) -> pa.RecordBatch:
    contract = described.contract
    made = {column.name for column in _list_lacking(described)} | described.durations.keys()
    sources = {column.name: column.source or column.name for column in contract.columns if column.name not in made}
    sources |= {name: name for name in (column.source or column.name for column in described.durations.values())}
    missing = [name for name in sources.values() if name not in batch.schema.names]
    if missing:
        lacking = join_list([repr(name) for name in missing])
        raise SideError(f"{file.name} has no column {lacking}. Correct the file, or describe it by another contract.")
    return pa.RecordBatch.from_pydict({name: batch.column(source) for name, source in sources.items()})


def _list_lacking(described: Description) -> list[Column]:
    return [column for column in described.contract.columns if column.role in described.lacks]


def _split(file: Path, described: Description, split_at: date) -> list[tuple[str, Extract]]:
    """The rows before a day, and those from it on. Rows without a time are in neither and count as undated."""
    contract = described.contract
    if Role.TIME in described.lacks:
        raise SideError("`split_at` needs the time of each row. Name its column with `time`, or give two files.")
    parts: tuple[list[pa.RecordBatch], list[pa.RecordBatch]] = ([], [])
    for batch in _stream(file, described):
        times = _read_times(contract, contract.time, batch.column(contract.time.name))
        is_before = pc.less(times, pa.scalar(np.datetime64(split_at, "s")).cast(times.type))
        parts[0].append(batch.filter(is_before))
        parts[1].append(batch.filter(pc.fill_null(pc.invert(is_before), True)))
    names = f"{file.name} before {split_at}", f"{file.name} from {split_at} on"
    return [(name, read_batches(contract, part)) for name, part in zip(names, parts, strict=True)]


def _add_durations(batch: pa.RecordBatch, described: Description) -> pa.RecordBatch:
    """Days from a column of dates to the application, as texts: the contract reads them as any number."""
    contract = described.contract
    for name, dates in described.durations.items():
        since = _read_times(contract, dates.inherit(None, contract.timezone), batch.column(dates.source or dates.name))
        applied = _read_times(contract, contract.time, batch.column(contract.time.name))
        seconds = pc.cast(pc.cast(pc.subtract(applied, since), pa.duration("s"), safe=False), pa.int64())
        days = pc.floor(pc.divide(pc.cast(seconds, pa.float64()), DAY))
        batch = _put(batch, name, pc.cast(days, pa.string()))
    return batch


def _add_lacking(batch: pa.RecordBatch, described: Description, numbers: Iterator[int]) -> pa.RecordBatch:
    contract, rows = described.contract, batch.num_rows
    if Role.ID in described.lacks:
        batch = _put(batch, contract.id.name, pa.array([str(next(numbers)) for _ in range(rows)], pa.string()))
    if Role.TIME in described.lacks:
        batch = _put(batch, contract.time.name, pa.repeat(str(NO_DAYS.start), rows))
    if Role.TARGET in described.lacks:
        batch = _put(batch, contract.target.name, pa.nulls(rows, pa.string()))
    return batch


def _put(batch: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    """The batch with a column added, or put in the place of the one of that name."""
    columns = {column: batch.column(place) for place, column in enumerate(batch.schema.names)}
    return pa.RecordBatch.from_pydict(columns | {name: values})


def _read_times(contract: Contract, column: Column, texts: pa.Array) -> pa.Array:
    return read_column(column, texts, contract.list_missing(column))[0]
