"""Joining the parts: the same result as the contract's query, in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from tasks.contract.columns import Column, Parts
from tasks.contract.contract import Contract
from tasks.core.arrays import Integers
from tasks.core.windows import Window
from tasks.extract.by_table.later_ids import LaterIds
from tasks.extract.by_table.match import Choice, Match, choose_versions, match_records, number_texts
from tasks.extract.by_table.read import Part, read_ahead
from tasks.extract.parsing import order_categories
from tasks.extract.query_results import Extract, ExtractError, Unreadable, make_frame


@dataclass(frozen=True)
class Piece:
    """Some columns of the result. `refused` holds the texts that are not numbers, null for the others."""

    frame: pd.DataFrame
    refused: pa.Table


@dataclass(frozen=True)
class Loans:
    """The loans of the result in its order. `owners` are their places among `customers`, -1 for no customer.

    `superseded` rows were left out, as their loan has a version in later days.
    """

    piece: Piece
    choice: Choice
    ids: pa.Array
    customers: pa.Array
    owners: Integers
    undated: int
    superseded: int


@dataclass(frozen=True)
class Records:
    """A table's records, and which of them is each customer's."""

    typed: pa.Table
    refused: pa.Table
    match: Match


def read_tables(
    connection: Connection, contract: Contract, parts: Parts, window: Window, later: LaterIds | None = None
) -> Extract:
    """The applications of a window. Raises ExtractError unless the parts return every column once.

    With `later` the window is some days of a larger one: see `assemble`. Rows without a time are then counted
    elsewhere, where the contract can.
    """
    applications = parts.applications if later is None else parts.days or parts.applications
    with closing(read_ahead(connection, contract, (applications, *parts.records), window)) as reading:
        return assemble(contract, reading, later)


def assemble(contract: Contract, reading: Iterator[Part], later: LaterIds | None = None) -> Extract:
    """The applications of the parts, first the loans, then the records. Raises ExtractError as `read_tables`.

    With `later` the loans are some of a larger window: one that has a version in later days counts as an older version
    of it, whatever it is here.
    """
    loans = _arrange_loans(contract, next(reading), later)
    records = [_match(contract, loans, part) for part in reading]
    _check(contract, [list(loans.piece.frame.columns), *(record.typed.column_names for record in records)])
    is_ambiguous = np.zeros(len(loans.owners), bool)
    for record in records:
        is_ambiguous |= record.match.is_conflict[loans.owners]
    pieces = [loans.piece]
    for record in records:
        rows = np.where(is_ambiguous, -1, record.match.rows[loans.owners])
        pieces.append(_take(contract, record.typed, record.refused, rows))
    found = {name: column for piece in pieces for name, column in piece.frame.items()}
    return Extract(
        pd.DataFrame({column.name: found[column.name] for column in contract.columns}, copy=False),
        _list_unreadable(contract, pieces, loans.ids),
        loans.choice.repeats,
        loans.choice.older_versions + loans.superseded,
        tuple(loans.ids.filter(pa.array(is_ambiguous)).to_pylist()),
        loans.undated,
    )


def _arrange_loans(contract: Contract, part: Part, later: LaterIds | None) -> Loans:
    names, rows = (contract.id.name, contract.time.name), part.texts.num_rows
    if later is not None:
        part = part.take(later.leave_out(part.texts[names[0]]))
    ids, times = part.texts[names[0]].combine_chunks(), part.typed[names[1]].combine_chunks()
    choice = choose_versions(ids, times, part.texts.drop_columns(list(names)))
    customers, owners = pa.array([], pa.string()), np.full(len(ids), -1)
    if contract.customer is not None:
        customers, owners = number_texts(part.texts[contract.customer.name].combine_chunks())
    return Loans(
        _take(contract, part.typed, _pick_refused(part), choice.rows),
        choice,
        ids.take(pa.array(choice.rows)),
        customers,
        owners[choice.rows],
        part.undated,
        rows - part.texts.num_rows,
    )


def _match(contract: Contract, loans: Loans, part: Part) -> Records:
    """Find each customer's record. The texts are released, and the customer column, which the loans have."""
    customer = find_customer(contract)
    match = match_records(loans.customers, part.texts[customer.name].combine_chunks(), part.texts)
    return Records(part.typed.drop_columns([customer.name]), _pick_refused(part), match)


def find_customer(contract: Contract) -> Column:
    """The column by which records are found. Raises ExtractError where the contract has none."""
    if contract.customer is None:
        raise ExtractError(
            f"The contract {contract.name} has `records` but no customer column. Add the column, or remove `records`."
        )
    return contract.customer


def _check(contract: Contract, returned: list[list[str]]) -> None:
    counts = Counter(name for names in returned for name in names)
    missing = [column.name for column in contract.columns if counts[column.name] != 1]
    if missing:
        raise ExtractError(
            f"The parts of {contract.query} do not return {', '.join(missing)} exactly once. The contract "
            f"{contract.name} requires each column once: correct the parts or the contract."
        )


def _pick_refused(part: Part) -> pa.Table:
    """The texts that are not numbers, null for the others; only columns that have any."""
    names = [name for name in part.is_refused.column_names if pc.any(part.is_refused[name]).as_py()]
    return pa.table({name: pc.if_else(part.is_refused[name], part.texts[name], None) for name in names})


def _take(contract: Contract, values: pa.Table, refused: pa.Table, rows: Integers) -> Piece:
    """The columns in the result's rows, categories in order of appearance; missing where there is no row."""
    indices = pa.array(rows, mask=rows < 0)
    taken = values.take(indices)
    for place, field in enumerate(taken.schema):
        if pa.types.is_dictionary(field.type):
            taken = taken.set_column(place, field.name, order_categories(taken.column(place).combine_chunks()))
    frame = make_frame(taken, [contract.column(name) for name in taken.column_names])
    return Piece(frame, pa.table({name: refused[name].take(indices) for name in refused.column_names}))


def _list_unreadable(contract: Contract, pieces: list[Piece], ids: pa.Array) -> dict[str, Unreadable]:
    """The columns with texts that are not numbers, in the contract's order."""
    refused = {name: piece.refused[name] for piece in pieces for name in piece.refused.column_names}
    unreadable = {}
    for column in contract.columns:
        if column.name in refused and refused[column.name].null_count < len(ids):
            unreadable[column.name] = Unreadable()
            unreadable[column.name].add(ids, refused[column.name].combine_chunks())
    return unreadable
