"""Joins: how the records of the other tables belong to the applications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import pyarrow as pa
import pyarrow.compute as pc

from tasks.describe.draft import Join, NeedAnswerError
from tasks.describe.samples import SampledColumn, SampledTable
from tasks.describe.vocabulary import has_part, list_words, write_name

# A key must lead to a record for so many of the applications.
LEAST_COVERAGE = 0.3
_LEAST_DIFFERENT = 0.3

ReadKeys = Callable[[str, str], pa.StringArray]


def find_joins(tables: Sequence[SampledTable], read_keys: ReadKeys) -> tuple[Join, ...]:
    """How each table but the first is joined to it; `read_keys(table, column)` gives all values of a column.

    Raises NeedAnswerError for a table that no column joins.
    """
    base, others = tables[0], tables[1:]
    return tuple(_find_join(base, other, read_keys) for other in others)


def _find_join(base: SampledTable, other: SampledTable, read_keys: ReadKeys) -> Join:
    pairs = [pair for pair in product(base.columns, other.columns) if _is_likely(*pair)]
    joins = [_measure(base, other, pair, read_keys) for pair in pairs]
    fitting = [join for join in joins if join.coverage >= LEAST_COVERAGE]
    if not fitting:
        tried = ", ".join(f"{join.key} ({join.coverage:.0%})" for join in joins) or "no column has the same name"
        raise NeedAnswerError(
            "table",
            f"The table {other.name} cannot be joined to {base.name}: {tried}. Give the key the same name in both, or "
            "join them in a view and describe that.",
        )
    return max(fitting, key=lambda join: (join.is_unique, join.coverage))


def _is_likely(mine: SampledColumn, theirs: SampledColumn) -> bool:
    """Equal names, and the values of an identifier: many of the other table's differ."""
    if write_name(mine.name) != write_name(theirs.name):
        return False
    is_named = has_part(write_name(theirs.name), list_words("names", "id"))
    return is_named or len(theirs.counts) >= _LEAST_DIFFERENT * theirs.known > 0


def _measure(
    base: SampledTable, other: SampledTable, pair: tuple[SampledColumn, SampledColumn], read_keys: ReadKeys
) -> Join:
    mine, theirs = pair
    keys = read_keys(other.name, theirs.name)
    known = mine.texts.drop_null()
    found = pc.sum(pc.is_in(known, value_set=pc.unique(pc.utf8_trim_whitespace(keys).drop_null()))).as_py() or 0
    return Join(other.name, mine.name, theirs.name, found / max(len(known), 1), theirs.is_unique)
