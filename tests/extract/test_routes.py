"""Routes and cuts: each record reaches the parts that have its customer, and a day is cut in the order of its rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tasks.extract.by_table.cut import cut_day
from tasks.extract.by_table.routes import Routes, split_rows

ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=40)


@given(ROWS, st.lists(st.integers(0, 12), max_size=20))
def test_a_record_reaches_each_part_of_its_customer_once(
    applications: list[tuple[int, int]], records: list[int]
) -> None:
    customers, parts = np.array(applications, np.int64).reshape(-1, 2).T
    routes = Routes(customers.astype(np.uint64), parts.astype(np.int32))
    rows, reached = routes.find(np.array(records, np.uint64))
    wanted = {
        (row, part) for row, record in enumerate(records) for customer, part in applications if customer == record
    }
    assert Counter(zip(rows.tolist(), reached.tolist(), strict=True)) == Counter(wanted)


@given(st.lists(st.integers(0, 5), max_size=30))
def test_rows_keep_their_order_in_their_part(parts: list[int]) -> None:
    table = pa.table({"row": pa.array(range(len(parts)), pa.int64())})
    split = {part: rows["row"].to_pylist() for part, rows in split_rows(table, np.array(parts, np.int64))}
    assert split == {part: [row for row, held in enumerate(parts) if held == part] for part in sorted(set(parts))}


TIMED = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", "é", None])), min_size=1, max_size=40)


@given(TIMED, st.integers(1, 12))
def test_pieces_of_a_day_follow_one_another_in_the_order_of_its_rows(
    rows: list[tuple[int, str | None]], most_rows: int
) -> None:
    times = pa.chunked_array([[time for time, _ in rows]])
    ids = pa.chunked_array([pa.array([name for _, name in rows], pa.string())])
    pieces = cut_day(times, ids, most_rows).tolist()
    assert sorted(set(pieces)) == list(range(max(pieces) + 1))
    keys = [(time, name is None, (name or "").encode()) for time, name in rows]
    ordered = [piece for _, piece in sorted(zip(keys, pieces, strict=True))]
    assert ordered == sorted(ordered)
    of_key: dict[object, set[int]] = {}
    for key, piece in zip(keys, pieces, strict=True):
        of_key.setdefault(key, set()).add(piece)
    assert all(len(held) == 1 for held in of_key.values())
    for piece, count in Counter(pieces).items():
        only = {key for key, held in of_key.items() if held == {piece}}
        assert count <= most_rows or len(only) == 1 or count - most_rows < max(Counter(keys)[key] for key in only)
