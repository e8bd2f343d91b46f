"""Texts: a column of texts as bytes, their hashes, and the texts packed to a fraction of their size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.core.arrays import Integers, Keys, Mask

Bytes = NDArray[np.uint8]
_WORD = 8  # bytes that are hashed at a time
# Which bits of a word belong to a text of which so many bytes are left.
_MASKS = np.array([(1 << 8 * left) - 1 for left in range(_WORD + 1)], dtype=np.uint64)


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts, one after the other.

    Parameters
    ----------
    data : array of bytes
        All of them as UTF-8.
    lengths : array of n
        In bytes; -1 where there is none.
    """

    data: Bytes
    lengths: NDArray[np.int32]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.lengths)

    @property
    def nbytes(self) -> int:
        """What they take in memory."""
        return self.data.nbytes + self.lengths.nbytes

    @property
    def is_missing(self) -> Mask:
        """Which of them are missing."""
        return np.asarray(self.lengths < 0, dtype=np.bool_)

    def unpack(self) -> Texts:
        """The texts themselves."""
        return self

    def find_starts(self) -> Integers:
        """Where each begins in the data; one more for the end of the last."""
        return np.concatenate(([0], np.cumsum(self.lengths.clip(min=0), dtype=np.int64)))

    def read(self, places: Integers) -> list[str | None]:
        """The texts at some positions, None where missing."""
        starts = self.find_starts()
        found = [self.data[starts[place] : starts[place + 1]].tobytes().decode() for place in places]
        return [None if self.lengths[place] < 0 else text for place, text in zip(places, found, strict=True)]

    def hash(self) -> Keys:
        """A 64-bit hash of each text, the same in every process; missing ones share one."""
        starts = self.find_starts()[:-1]
        padded = np.concatenate((self.data, np.zeros(_WORD, np.uint8)))
        # A word may begin at any byte.
        words: Keys = np.ndarray((len(padded) - _WORD + 1,), np.dtype("<u8"), padded, 0, (1,))
        hashes: Keys = self.lengths.astype(np.int64).view(np.uint64).copy()
        rows = np.flatnonzero(self.lengths > 0)
        at, left, state = starts[rows], self.lengths[rows], hashes[rows]
        while len(rows):
            taken = words[at]
            if left.min() < _WORD:
                taken &= _MASKS[left.clip(max=_WORD)]
            state = pd.util.hash_array(state ^ taken, categorize=False)
            is_more = left > _WORD
            if not is_more.all():
                hashes[rows[~is_more]] = state[~is_more]
                rows, at, left, state = rows[is_more], at[is_more], left[is_more], state[is_more]
            at, left = at + _WORD, left - _WORD
        return hashes


def read_texts(values: pd.Series) -> Texts:
    """A column's values as texts."""
    return as_texts(_as_arrow(values))


def as_texts(array: pa.LargeStringArray) -> Texts:
    """Texts of Arrow as bytes."""
    is_missing = np.asarray(pc.is_null(array))
    array = pc.fill_null(array, "") if array.null_count else array
    _, offsets, data = array.buffers()
    if not len(array):
        return Texts(np.zeros(0, np.uint8), np.zeros(0, np.int32))
    ends = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    lengths = np.diff(ends).astype(np.int32)
    lengths[is_missing] = -1
    held = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return Texts(held[ends[0] : ends[-1]], lengths)


def _as_arrow(values: pd.Series) -> pa.LargeStringArray:
    try:
        array = pa.array(values, from_pandas=True)
    except pa.ArrowException:  # a mixture of types
        array = pa.array([], pa.null())
    if len(array) < len(values) or not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        is_missing = values.isna()
        pairs = zip(values, is_missing, strict=True)
        array = pa.array([None if missing else str(value) for value, missing in pairs], pa.large_string())
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return whole.cast(pa.large_string())


@dataclass(frozen=True)
class PackedTexts:
    """Texts in little memory: random hexadecimal digits in half a byte each, numbers that ascend in far less.

    Parameters
    ----------
    rows, size
        How many there are, and how many bytes they have.
    width
        The length of each in bytes, where it is the same; else 0.
    data, lengths
        Compressed; see `Texts`. Of texts of one length, first come the first bytes of all, then the second ones.
    """

    rows: int
    size: int
    width: int
    data: bytes
    lengths: bytes

    @property
    def nbytes(self) -> int:
        """What they take in memory."""
        return len(self.data) + len(self.lengths)

    def unpack(self) -> Texts:
        """The texts."""
        data = np.frombuffer(_codec().decompress(self.data, self.size), np.uint8)
        lengths = np.frombuffer(_codec().decompress(self.lengths, self.rows * np.dtype(np.int32).itemsize), np.int32)
        return Texts(data.reshape(self.width, -1).T.ravel() if self.width else data, lengths)


def pack_texts(texts: Texts) -> PackedTexts:
    """The texts in little memory."""
    data, rows, width = texts.data, len(texts.lengths), int(texts.lengths.max(initial=0))
    if width and ((texts.lengths < 0) | (texts.lengths == width)).all():
        data = data.reshape(-1, width).T
    else:
        width = 0
    packed, lengths = (_codec().compress(part.tobytes(), asbytes=True) for part in (data, texts.lengths))
    return PackedTexts(rows, data.size, width, packed, lengths)


def _codec() -> pa.Codec:
    return pa.Codec("zstd", compression_level=1)  # higher ones are slower, and gain little
