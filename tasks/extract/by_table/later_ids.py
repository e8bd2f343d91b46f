"""Later ids: the loans that were met in later days, of which earlier days can hold older versions only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.core.arrays import Keys, Mask


class LaterIds:
    """The ids of the days that were read, the last ones first, as hashes: eight bytes each."""

    def __init__(self) -> None:
        self._seen: Keys = np.empty(0, np.uint64)

    def leave_out(self, ids: pa.ChunkedArray) -> pa.Array:
        """Which of these rows were not met in later days. Rows without an id are versions of nothing."""
        known, hashes = _hash(ids)
        place = np.minimum(np.searchsorted(self._seen, hashes), max(len(self._seen) - 1, 0))
        is_met = known & (self._seen[place] == hashes) if len(self._seen) else np.zeros(len(known), np.bool_)
        # Sorted runs: the new ones are sorted, and merged with those that are.
        self._seen = np.sort(np.concatenate([self._seen, np.unique(hashes[known & ~is_met])]), kind="stable")
        return pa.array(~is_met)


def _hash(ids: pa.ChunkedArray) -> tuple[Mask, Keys]:
    known: Mask = pc.is_valid(ids).to_numpy(zero_copy_only=False)
    texts = pc.fill_null(pc.cast(ids, pa.string()), "").to_numpy(zero_copy_only=False)
    return known, pd.util.hash_array(texts.astype(object), categorize=False)
