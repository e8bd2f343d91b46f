"""Which rows of a contract's parts form the result: the latest version of each loan, and each customer's record.

Rows are numpy positions; -1 means no row, and selects the last place of an array, which has no row either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.core.arrays import Integers, Mask


@dataclass(frozen=True)
class Choice:
    """The rows of the result in its order, and how many `repeats` and `older_versions` were excluded."""

    rows: Integers
    repeats: int
    older_versions: int


@dataclass(frozen=True)
class Match:
    """For each customer the row of the record, and whether several records conflict; then a place for no customer."""

    rows: Integers
    is_conflict: Mask


def choose_versions(ids: pa.Array, times: pa.Array, others: pa.Table) -> Choice:
    """The latest version of each loan, in the order of time and id.

    Of versions at the same time the first by the other columns counts, as texts, byte by byte, missing ones last. Rows
    without an id are never versions of each other, and come last among those of their time.
    """
    _, loans = number_texts(ids)
    is_compared = (np.bincount(loans + 1)[loans + 1] > 1) | (loans == -1)
    compared = np.flatnonzero(is_compared)
    compared = compared[_sort(_make_keys(loans, times, others, compared))]
    keys = _make_keys(loans, times, others, compared)
    loan = loans[compared]
    is_first = np.append(True, loan[1:] != loan[:-1]) if len(loan) else np.empty(0, bool)
    # Equal rows are adjacent: those equal to their loan's first one come before any change.
    changes = np.cumsum(~_equals_previous(keys) & ~is_first)
    starts = np.maximum.accumulate(np.where(is_first, np.arange(len(loan)), 0))
    is_latest = changes == changes[starts]
    is_left_out = ~is_first & (loan != -1)
    rank = np.zeros(len(loans), np.int64)
    rank[compared] = np.arange(len(compared))
    order = _sort(pa.table({"time": times, "id": ids, "rank": rank}))
    is_kept = np.ones(len(loans), bool)
    is_kept[compared[is_left_out]] = False
    return Choice(order[is_kept[order]], int((is_left_out & is_latest).sum()), int((is_left_out & ~is_latest).sum()))


def match_records(customers: pa.Array, record_customers: pa.Array, texts: pa.Table) -> Match:
    """Each customer's record in a table. Exact repeats are one record; records that differ in any text conflict."""
    found = pc.index_in(record_customers, value_set=customers, skip_nulls=True)
    rows = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
    owners = found.drop_null().to_numpy().astype(np.int64)
    first = np.full(len(customers) + 1, -1)
    first[owners[::-1]] = rows[::-1]  # of several assignments the last one counts
    is_later = first[owners] != rows
    rows, owners = rows[is_later], owners[is_later]
    is_conflict = np.zeros(len(customers) + 1, bool)
    is_conflict[owners[~_are_equal(_take_texts(texts, rows), _take_texts(texts, first[owners]))]] = True
    return Match(first, is_conflict)


def number_texts(texts: pa.Array) -> tuple[pa.Array, Integers]:
    """The distinct texts, and each text's place among them; -1 for none."""
    encoded = texts.dictionary_encode()
    places: Integers = pc.fill_null(encoded.indices, -1).to_numpy().astype(np.int64)
    return encoded.dictionary, places


def _make_keys(loans: Integers, times: pa.Array, others: pa.Table, rows: Integers) -> pa.Table:
    """The sort keys of versions: the loan, then the latest first."""
    ages = -times.cast(pa.int64()).to_numpy()
    keys = [pa.array(loans[rows]), pa.array(ages[rows]), *_take_texts(others, rows).columns]
    return pa.table(keys, [str(place) for place in range(len(keys))])


def _take_texts(texts: pa.Table, rows: Integers) -> pa.Table:
    taken = texts.take(pa.array(rows))
    return taken.cast(pa.schema([(name, pa.string()) for name in texts.column_names]))


def _sort(keys: pa.Table) -> Integers:
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    rows: Integers = order.to_numpy().astype(np.int64)
    return rows


def _equals_previous(keys: pa.Table) -> Mask:
    if not keys.num_rows:
        return np.empty(0, bool)
    return np.append(False, _are_equal(keys.slice(1), keys.slice(0, keys.num_rows - 1)))


def _are_equal(one: pa.Table, other: pa.Table) -> Mask:
    """Row by row; a missing text equals a missing one."""
    equal = np.ones(one.num_rows, bool)
    for left, right in zip(one.columns, other.columns, strict=True):
        both_missing = pc.and_(pc.is_null(left), pc.is_null(right))
        equal &= pc.or_(pc.fill_null(pc.equal(left, right), False), both_missing).to_numpy()
    return equal
