"""What the readers of texts share: which texts mean that a value is missing, and reading each distinct text once."""

from __future__ import annotations

from collections.abc import Callable, Set

import pyarrow as pa
import pyarrow.compute as pc

from tasks.contract.words import fold

NO_VALUE = frozenset({"", "nan", "null", "none", "n/a", "na"})
NOTHING_LISTED: frozenset[str] = frozenset()


class UnreadableTextError(ValueError):
    """A text is not a number, or not a time."""


def is_missing(text: str, missing: Set[str]) -> bool:
    """Whether a text of a number or time column means that there is no value; `missing` adds to NO_VALUE."""
    folded = fold(text)
    return folded in NO_VALUE or folded in missing


def fill_others(
    texts: pa.StringArray,
    values: pa.Array,
    read: Callable[[str], object],
    read_quickly: Callable[[pa.StringArray], pa.Array],
) -> tuple[pa.Array, pa.BooleanArray]:
    """The values, with those of the texts that have none yet, and which texts cannot be read.

    `read` defines them, one distinct text at a time; `read_quickly` reads many at once, and may leave some out.
    """
    is_open = pc.and_(pc.is_valid(texts), pc.is_null(values))
    if not pc.any(is_open).as_py():
        return values, is_open
    others = pc.if_else(is_open, texts, None).dictionary_encode()
    quick = read_quickly(others.dictionary)
    left = others.dictionary.filter(pc.is_null(quick))
    answers = [_try(read, text) for text in left.to_pylist()]
    slow = pa.array([answer for answer, _ in answers], values.type, from_pandas=True)
    refused = pa.array([is_refused for _, is_refused in answers], pa.bool_())
    is_slow = pc.is_null(quick)
    read_values = pc.replace_with_mask(quick, is_slow, slow)
    is_refused = pc.replace_with_mask(pc.if_else(is_slow, True, False), is_slow, refused)
    return (
        pc.coalesce(values, pc.take(read_values, others.indices)),
        pc.fill_null(pc.take(is_refused, others.indices), False),
    )


def _try(read: Callable[[str], object], text: str) -> tuple[object, bool]:
    try:
        return read(text), False
    except UnreadableTextError:
        return None, True
