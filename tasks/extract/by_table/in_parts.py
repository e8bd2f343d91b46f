"""A large window in parts: each table is read once into a file, and put together for a few days at a time.

A database that is asked for a few days at a time looks at its whole tables each time. So applications are sorted by day
on their way into the file, and records by the parts that have applications of their customers (a hash join with its
partitions on disk: DeWitt et al., SIGMOD 1984). The last part is put together first: of several versions of a loan the
latest counts, so that parts which were read know what is old in those before.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import chain

import pyarrow as pa
from sqlalchemy import Engine

from tasks.contract.columns import Parts
from tasks.contract.contract import Contract
from tasks.core.spill import Spill
from tasks.core.windows import Window
from tasks.extract.by_table.assemble import assemble
from tasks.extract.by_table.held_tables import HeldTables
from tasks.extract.by_table.read import Block, Source, find_source, join_blocks, read_ahead, read_block, stream_blocks
from tasks.extract.query_results import Extract
from tasks.extract.table import read_table

# While one part is measured the next one is put together, so that two of them are in memory.
PARTS_AT_ONCE = 2


def read_tables_in_parts(
    engine: Engine, contract: Contract, parts: Parts, window: Window, most_rows: int
) -> Generator[Extract, None, None]:
    """The applications of a window: up to `most_rows` as one part, more of them in parts of half as many.

    Each has its place among all. The database is left before the first part of several is put together.
    """
    with ExitStack() as stack:
        with read_table(engine, contract) as connection:
            source = find_source(connection, contract, parts.applications, window, is_record=False)
            stream = stack.enter_context(closing(stream_blocks(connection, contract, source, window)))
            blocks, undated = _read_first(contract, source, stream, most_rows)
            if sum(texts.num_rows for texts, _, _ in blocks) <= most_rows:
                loans = join_blocks(blocks, undated)
                blocks.clear()
                with closing(read_ahead(connection, contract, parts.records, window, loans)) as reading:
                    del loans
                    yield assemble(contract, reading)
                return
            held = HeldTables(contract, stack.enter_context(Spill()), undated)
            held.add_loans(source, chain(_release(blocks), stream))
            held.cut(window, max(most_rows // PARTS_AT_ONCE, 1))
            for name in parts.records:
                record = find_source(connection, contract, name, window, is_record=True)
                held.add_records(record, stream_blocks(connection, contract, record, window))
        for place in reversed(range(held.parts)):
            extract, is_share = assemble(contract, held.read(place), held.later), held.is_share(place)
            yield replace(extract, place=place, is_share=is_share, undated=held.undated)


def _read_first(
    contract: Contract, source: Source, stream: Iterator[tuple[pa.RecordBatch, int]], most_rows: int
) -> tuple[list[Block], int]:
    """The first blocks, up to all of at most so many rows, or a few more rows; and how many rows have no time."""
    blocks: list[Block] = []
    rows, undated = 0, 0
    for texts, without_time in stream:
        blocks.append(read_block(contract, source.typed, texts))
        rows, undated = rows + texts.num_rows, undated + without_time
        if rows > most_rows:
            break
    return blocks, undated


def _release(blocks: list[Block]) -> Iterator[tuple[pa.RecordBatch, int]]:
    """The texts of a list of blocks, each of which it holds no longer."""
    while blocks:
        texts, _, _ = blocks.pop(0)
        yield texts, 0
