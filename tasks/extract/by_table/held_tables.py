"""Held tables: the tables of a large window in a file, so that any part of it can be put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.contract.contract import Contract
from tasks.core.arrays import Integers, Keys
from tasks.core.spill import Spill
from tasks.core.windows import Window
from tasks.extract.by_table.assemble import find_customer
from tasks.extract.by_table.cut import cut_day, cut_window
from tasks.extract.by_table.later_ids import LaterIds, hash_ids, hash_texts
from tasks.extract.by_table.read import Part, Source, join_blocks, read_block
from tasks.extract.by_table.routes import Routes, split_rows

# So many bytes are sorted at a time: the more, the fewer and longer pieces the file has.
BLOCK_BYTES = 32_000_000
EPOCH = date(1970, 1, 1)
Texts = Iterable[tuple[pa.RecordBatch, int]]  # blocks as `stream_blocks` yields them, an empty one first
# Which rows of the file: applications by day or by day and piece, records by table and part.
Section = tuple[int] | tuple[int, int] | tuple[str, int]


class HeldTables:
    """A window's tables, to be filled in the order of the methods, then read by parts.

    Parameters
    ----------
    contract : Contract
        With parts.
    spill : Spill
        Where the rows are held.
    undated : int
        Rows without a time that are known already.

    Attributes
    ----------
    later : LaterIds
        Of the parts that were put together, the last one first; once the window is cut.
    """

    def __init__(self, contract: Contract, spill: Spill, undated: int = 0) -> None:
        self._contract, self._spill, self.undated, self.later = contract, spill, undated, LaterIds()
        self._sources: list[Source] = []
        self._blank: list[pa.RecordBatch] = []
        self._rows: Counter[int] = Counter()
        self._days: list[Integers] = []
        self._ids: list[Keys] = []
        self._customers: list[Keys] = []
        self._parts: list[list[Section]] = []
        self._routes: Routes | None = None

    @property
    def parts(self) -> int:
        """How many parts there are, once the window is cut."""
        return len(self._parts)

    def add_loans(self, source: Source, blocks: Texts) -> None:
        """Take the applications by their days. Raises SpillError where the disk is full."""
        contract = self._contract
        for table in self._gather(source, blocks):
            days = pc.cast(pc.cast(table[contract.time.name], pa.date32()), pa.int32()).to_numpy()
            self._days.append(days)
            known, ids = hash_ids(table[contract.id.name])
            self._ids.append(ids[known])
            if contract.customer is not None:
                self._customers.append(hash_texts(table[contract.customer.name]))
            for day, rows in split_rows(table, days):
                self._spill.write((day,), rows)
                self._rows[day] += rows.num_rows

    def cut(self, window: Window, most_rows: int) -> None:
        """Cut the window into parts of at most so many applications: whole days, or pieces of a day that has more."""
        rows = {EPOCH + timedelta(days=day): count for day, count in self._rows.items()}
        self.later = LaterIds(repeated=_find_repeated(self._ids))
        days = np.concatenate(self._days)
        self._days.clear()
        parts = np.empty(len(days), np.int32)  # four bytes a row
        for held in cut_window(window, rows, most_rows):
            first, last = ((end - EPOCH).days for end in (held.start, held.end))
            is_held = (days >= first) & (days <= last)
            if is_held.sum() > most_rows:
                day = int(days[is_held][0])
                pieces = self._cut_day(day, most_rows)
                parts[is_held] = len(self._parts) + pieces
                self._parts += [[(day, piece)] for piece in range(int(pieces.max()) + 1)]
            else:
                parts[is_held] = len(self._parts)
                self._parts.append([(day,) for day in range(first, last + 1)])
        if self._customers:
            self._routes = Routes(np.concatenate(self._customers), parts)
            self._customers.clear()

    def add_records(self, source: Source, blocks: Texts) -> None:
        """Take the records of the window's customers, each for every part that has applications of the customer."""
        customer = find_customer(self._contract)
        for table in self._gather(source, blocks):
            if self._routes is not None:
                rows, parts = self._routes.find(hash_texts(table[customer.name]))
                for part, needed in split_rows(table.take(pa.array(rows)), parts):
                    self._spill.write((source.name, part), needed)

    def is_share(self, part: int) -> bool:
        """Whether a part is a piece of a day."""
        return len(self._parts[part][0]) > 1

    def read(self, part: int) -> Iterator[Part]:
        """A part of each table, first the applications, then the records, as one query each would answer."""
        self._routes = None  # all records are here
        yield self._read(0, self._parts[part])
        for place, source in enumerate(self._sources[1:], start=1):
            yield self._read(place, [(source.name, part)])

    def _read(self, place: int, sections: list[Section]) -> Part:
        typed = self._sources[place].typed
        held = (block for section in sections for block in self._spill.read(section))
        return join_blocks([read_block(self._contract, typed, block) for block in (self._blank[place], *held)])

    def _gather(self, source: Source, blocks: Texts) -> Iterator[pa.Table]:
        """Several blocks at a time, below one another."""
        self._sources.append(source)
        waiting: list[pa.RecordBatch] = []
        for number, (block, undated) in enumerate(blocks):
            if number == 0:
                self._blank.append(block)
            waiting.append(block)
            self.undated += undated
            if sum(one.nbytes for one in waiting) >= BLOCK_BYTES:
                yield _join(waiting)
        yield _join(waiting)

    def _cut_day(self, day: int, most_rows: int) -> Integers:
        """Hold a day by pieces. Returns the piece of each of its rows."""
        times, ids = self._contract.time.name, self._contract.id.name
        keys = pa.Table.from_batches([block.select([times, ids]) for block in self._spill.read((day,))])
        pieces, done = cut_day(keys[times], keys[ids], most_rows), 0
        for block in self._spill.read((day,)):
            for piece, rows in split_rows(pa.Table.from_batches([block]), pieces[done : done + block.num_rows]):
                self._spill.write((day, piece), rows)
            done += block.num_rows
        return pieces


def _find_repeated(hashes: list[Keys]) -> Keys:
    """Those that occur more than once, sorted; the list is empty afterwards."""
    ordered = np.concatenate(hashes)
    hashes.clear()
    ordered.sort()
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def _join(blocks: list[pa.RecordBatch]) -> pa.Table:
    """The blocks below one another; the list is empty afterwards."""
    table = pa.Table.from_batches(blocks).unify_dictionaries().combine_chunks()
    blocks.clear()
    return table
