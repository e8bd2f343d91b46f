"""Kept rows: the little that is kept of each row, because only all rows of a window together show the fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers, Keys, Mask, pick_rows
from tasks.core.texts import Bytes, PackedTexts, Texts, pack_texts, read_texts
from tasks.core.wording import shorten
from tasks.extract.extract import EXAMPLES
from tasks.quality.hashes import find_later, find_repeated
from tasks.quality.marked import Marked


@dataclass(frozen=True, eq=False)
class KeptRows:
    """What is kept of the rows of one part, in their order.

    Parameters
    ----------
    part
        The place of the part in the window's order.
    ids
        The id of each row; packed, unless they are judged at once.
    missing
        How a missing id is written.
    compared, given
        As bits: which rows have a decision and most features, and which of those rows have the positive one.
    features : array of as many as are compared
        A hash of the features of each.
    whole : array of rows, optional
        A hash of all columns but the id, where the part is a share of a day: a copy may be in another share.
    """

    part: int
    ids: Texts | PackedTexts
    missing: str
    compared: Bytes
    given: Bytes
    features: Keys
    whole: Keys | None = None

    @property
    def rows(self) -> int:
        """How many."""
        return self.ids.rows

    @property
    def nbytes(self) -> int:
        """What is kept, in bytes."""
        arrays = self.compared.nbytes + self.given.nbytes + self.features.nbytes
        whole = 0 if self.whole is None else self.whole.nbytes
        return self.ids.nbytes + arrays + whole

    def pack(self) -> KeptRows:
        """The same in the memory in which it is kept."""
        return self if isinstance(self.ids, PackedTexts) else replace(self, ids=pack_texts(self.ids))

    def name(self, places: Integers) -> list[str]:
        """The ids of the rows at some positions, for a sentence."""
        return [shorten(self.missing if text is None else text) for text in self.ids.unpack().read(places)]


@dataclass(frozen=True)
class Across:
    """What only all rows of a window together show.

    Parameters
    ----------
    doubles
        The rows without an id, and those with the id of an earlier row.
    conflicts
        The rows whose features are those of a row with the other decision.
    copies
        The rows that equal an earlier one but for the id, where parts are shares of a day.
    """

    doubles: Marked
    conflicts: Marked
    copies: Marked


def look_across(kept: Sequence[KeptRows]) -> Across:
    """What the kept rows of all parts show."""
    return Across(find_doubles(kept), find_conflicts(kept), find_copies_across(kept))


def keep_ids(contract: Contract, applications: pd.DataFrame) -> tuple[Texts, str]:
    """The ids of a part's rows, and how a missing one is written."""
    ids = applications[contract.id.name]
    texts = read_texts(ids)
    missing = np.flatnonzero(texts.is_missing)
    return texts, str(ids.iloc[missing[0]]) if len(missing) else ""


def keep_decisions(labels: Floats, features: Keys, is_compared: Mask) -> tuple[Bytes, Bytes, Keys]:
    """`compared`, `given` and `features` of a part's rows."""
    return np.packbits(is_compared), np.packbits(labels[is_compared] == 1), features[is_compared]


def find_doubles(kept: Sequence[KeptRows]) -> Marked:
    """The rows without an id, and those with the id of an earlier row."""
    ends = np.cumsum([0, *(part.rows for part in kept)])
    is_double, hashes = np.empty(ends[-1], np.bool_), np.empty(ends[-1], np.uint64)
    for part, start, end in zip(kept, ends, ends[1:], strict=False):  # the texts of all would be too large
        texts = part.ids.unpack()
        is_double[start:end], hashes[start:end] = texts.is_missing, texts.hash()
    has_id = ~is_double
    is_double[has_id] = find_later(pick_rows(hashes, has_id))
    return _mark(kept, is_double)


def find_conflicts(kept: Sequence[KeptRows]) -> Marked:
    """The rows whose features are those of a row with the other decision."""
    hashes = _join([part.features for part in kept], np.uint64)
    alike = np.flatnonzero(find_repeated(hashes))
    if not len(alike):
        return Marked()
    group, _ = pd.factorize(hashes[alike])
    labels = _join([_read_bits(part.given, len(part.features)) for part in kept], bool)[alike]
    rows, given = np.bincount(group), np.bincount(group, weights=labels)
    is_compared = _join([_read_bits(part.compared, part.rows) for part in kept], bool)
    is_conflict = np.zeros(len(is_compared), dtype=bool)
    is_conflict[np.flatnonzero(is_compared)[alike]] = ((given > 0) & (given < rows))[group]
    return _mark(kept, is_conflict)


def find_copies_across(kept: Sequence[KeptRows]) -> Marked:
    """The rows that equal an earlier one but for the id, among the parts that are shares of a day."""
    shares = [part for part in kept if part.whole is not None]
    return _mark(shares, find_later(_join([part.whole for part in shares if part.whole is not None], np.uint64)))


def _mark(kept: Sequence[KeptRows], mask: Mask) -> Marked:
    """The rows of a mask over all kept ones. Only the parts of the first few are unpacked."""
    places = np.flatnonzero(mask)
    starts = np.cumsum([0, *(part.rows for part in kept)])
    first = places[:EXAMPLES]
    owner = np.searchsorted(starts, first, side="right") - 1
    examples: list[tuple[int, str]] = []
    for place in dict.fromkeys(owner.tolist()):
        names = kept[place].name(first[owner == place] - starts[place])
        examples += [(kept[place].part, name) for name in names]
    return Marked(len(places), tuple(examples))


def _read_bits(bits: Bytes, rows: int) -> Mask:
    return np.unpackbits(bits, count=rows).astype(np.bool_)


def _join(arrays: Iterable[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *arrays])
