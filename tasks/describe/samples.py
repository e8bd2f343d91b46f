"""Samples: a bounded, evenly spread sample of a table's texts, and exact counts of all its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MOST_ROWS = 20_000


@dataclass(frozen=True)
class SampledColumn:
    """One column of a table, as texts.

    Parameters
    ----------
    name
        As the table has it.
    texts
        Of the sampled rows, without white space around them; None where there is no value.
    blank
        The share of all rows without a value.
    is_unique
        Whether no value occurs twice, in all rows that have one.
    declared
        The type in the database or the Parquet file, or an empty text.
    """

    name: str
    texts: pa.StringArray
    blank: float
    is_unique: bool
    declared: str = ""

    @cached_property
    def known(self) -> int:
        """The sampled rows that have a value."""
        return int(len(self.texts) - self.texts.null_count)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each text occurs in the sample, the most frequent first."""
        counted = pc.value_counts(self.texts.drop_null())
        pairs = zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True)
class SampledTable:
    """A table or file: its rows, and the sample of each column. `is_whole` says that all rows were counted."""

    name: str
    rows: int
    columns: tuple[SampledColumn, ...]
    is_whole: bool = True

    def column(self, name: str) -> SampledColumn:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


@dataclass
class _Uniques:
    """Whether a column's values are all different; it is asked no longer once two are equal."""

    seen: list[pa.StringArray] = field(default_factory=list)
    is_unique: bool = True

    def add(self, texts: pa.StringArray) -> None:
        if not self.is_unique:
            return
        known = texts.drop_null()
        self.seen.append(known)
        self.is_unique = len(pc.unique(known)) == len(known)
        if not self.is_unique:
            self.seen.clear()

    def conclude(self) -> bool:
        if not self.is_unique or not self.seen:
            return False
        together = pa.chunked_array(self.seen)
        return len(together) > 0 and len(pc.unique(together)) == len(together)


def sample_table(name: str, batches: Iterable[pa.RecordBatch], most_rows: int = MOST_ROWS) -> SampledTable:
    """Every row is counted; every k-th is kept, and k doubles each time the sample grows too large."""
    kept: list[pa.RecordBatch] = []
    blanks: dict[str, int] = {}
    uniques: dict[str, _Uniques] = {}
    names: list[str] = []
    rows, step = 0, 1
    for batch in batches:
        names = names or list(batch.schema.names)
        for place, column in enumerate(names):
            blanks[column] = blanks.get(column, 0) + batch.column(place).null_count
            uniques.setdefault(column, _Uniques()).add(batch.column(place))
        kept.append(_take_each(batch, step, -rows % step))
        rows += batch.num_rows
        if sum(part.num_rows for part in kept) > 2 * most_rows:
            kept, step = [_take_each(_join(kept), 2, 0)], 2 * step
    whole = _join(kept) if kept else None
    columns = tuple(
        SampledColumn(column, _strip(whole.column(place)), blanks[column] / max(rows, 1), uniques[column].conclude())
        for place, column in enumerate(names)
        if whole is not None
    )
    return SampledTable(name, rows, columns)


def _take_each(batch: pa.RecordBatch, step: int, first: int) -> pa.RecordBatch:
    """Every `step`-th row; a copy, so that the batch itself can go."""
    return batch.take(pa.array(np.arange(first, batch.num_rows, step)))


def _join(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0] if len(batches) > 1 else batches[0]


def _strip(texts: pa.StringArray) -> pa.StringArray:
    stripped = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(stripped, ""), None, stripped)
