"""Later ids: the loans that were met in later days, of which earlier days can hold older versions only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.core.arrays import Keys, Mask
from tasks.core.texts import as_texts


class LaterIds:
    """The ids of the days that were read, the last ones first, as hashes: eight bytes each.

    `seen` are sorted hashes of ids that are known from the beginning. With `repeated`, sorted hashes too, only these
    ids are remembered: no other one is met again.
    """

    def __init__(self, seen: Keys | None = None, repeated: Keys | None = None) -> None:
        self._seen: Keys = np.empty(0, np.uint64) if seen is None else seen
        self._repeated = repeated

    def leave_out(self, ids: pa.ChunkedArray) -> pa.Array:
        """Which of these rows were not met in later days. Rows without an id are versions of nothing."""
        known, hashes = hash_ids(ids)
        if self._repeated is not None:
            known = known & _holds(self._repeated, hashes)
        is_met = known & _holds(self._seen, hashes)
        # Sorted runs: the new ones are sorted, and merged with those that are.
        self._seen = np.sort(np.concatenate([self._seen, np.unique(hashes[known & ~is_met])]), kind="stable")
        return pa.array(~is_met)


def _holds(held: Keys, hashes: Keys) -> Mask:
    """Which hashes are among the sorted ones."""
    if not len(held):
        return np.zeros(len(hashes), np.bool_)
    place = np.minimum(np.searchsorted(held, hashes), len(held) - 1)
    return np.asarray(held[place] == hashes, dtype=np.bool_)


def hash_ids(ids: pa.ChunkedArray) -> tuple[Mask, Keys]:
    """Which ids are known, and a hash of each."""
    known: Mask = pc.is_valid(ids).to_numpy(zero_copy_only=False)
    return known, hash_texts(ids)


def hash_texts(texts: pa.ChunkedArray) -> Keys:
    """A hash of each text, the same in every process; missing ones share one."""
    whole = texts.cast(pa.large_string()).combine_chunks()
    return as_texts(whole).hash()


def find_later_ids(by_part: Sequence[Keys]) -> list[Keys]:
    """For each part those of its ids that a later part has too, sorted.

    Parameters
    ----------
    by_part : sequence of arrays
        The hashes of each part's ids in the order of the parts, each hash once in a part.

    Examples
    --------
    >>> ids = [np.array(held, np.uint64) for held in ([5, 1, 7], [7, 2], [5, 9])]
    >>> [later.tolist() for later in find_later_ids(ids)]
    [[5, 7], [], []]
    """
    places = np.repeat(np.arange(len(by_part)), [len(ids) for ids in by_part])
    hashes = np.concatenate(by_part)
    order = np.argsort(hashes, kind="stable")  # of equal ones the earlier part comes first
    hashes, places = hashes[order], places[order]
    is_met_later = np.append(hashes[1:] == hashes[:-1], False) if len(hashes) else np.empty(0, np.bool_)
    hashes, places = hashes[is_met_later], places[is_met_later]
    return [hashes[places == place] for place in range(len(by_part))]
