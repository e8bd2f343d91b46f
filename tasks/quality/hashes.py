"""Hashes of rows: equal rows have equal hashes, and so are found without comparing each with each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.core.arrays import Integers, Keys, Mask
from tasks.core.texts import read_texts

_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd: the hash of a column counts by its place
_MISSING = np.uint64(0xFFFFFFFFFFFFFFFF)


def find_copies(rows: pd.DataFrame, names: list[str], known: Keys | None = None) -> Mask:
    """Which rows equal an earlier one in the named columns.

    Only rows with equal hashes are compared in full, and texts are hashed only where everything else agrees.

    Parameters
    ----------
    rows : data frame of n rows
    names : list of str
    known : array of n, optional
        Hashes of the named columns that hold no texts, where they are known already.
    """
    texts = [name for name in names if holds_texts(rows[name])]
    if known is None:
        known = hash_frame_rows(rows, [name for name in names if name not in texts], np.arange(len(rows)))
    alike = np.flatnonzero(find_repeated(known))
    alike = alike[find_repeated(hash_frame_rows(rows, texts, alike))]
    is_copy = np.zeros(len(rows), dtype=bool)
    is_copy[alike] = rows.iloc[alike].duplicated(names)
    return is_copy


def holds_texts(values: pd.Series) -> bool:
    """Whether a column holds texts, which take longer to hash than numbers and categories."""
    return values.dtype == object or isinstance(values.dtype, pd.StringDtype)


def hash_frame_rows(rows: pd.DataFrame, names: list[str], places: Integers) -> Keys:
    """A hash of the named columns in the rows at the given positions; a missing value counts as a value.

    It works column by column, so that the frame is not copied.
    """
    hashes: Keys = np.zeros(len(places), dtype=np.uint64)
    for name in names:
        column = rows[name].iloc[places]
        # A negative zero is a zero.
        values = column + 0.0 if column.dtype == np.float64 else column
        hashes *= _FACTOR
        hashes += pd.util.hash_pandas_object(values, index=False, categorize=False).to_numpy()
    return hashes


def add_column(hashes: Keys, values: Keys) -> None:
    """Let the hashes of one more column count in the hashes of the rows."""
    hashes *= _FACTOR
    hashes += values


def hash_column(values: pd.Series) -> Keys:
    """A hash of each value, the same wherever it is read: of a number, of a time, of a category's word, of a text."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.append(hash_words(values.cat.categories), _MISSING)[values.cat.codes.to_numpy()]
    if holds_texts(values):
        return read_texts(values).hash()
    # A negative zero is a zero.
    plain = values.to_numpy() + 0.0 if values.dtype == np.float64 else values.to_numpy()
    return pd.util.hash_array(plain, categorize=False)


def hash_words(words: pd.Index) -> Keys:
    """A hash of each of some different words."""
    return pd.util.hash_array(words.to_numpy(dtype=object), categorize=False) if len(words) else np.zeros(0, np.uint64)


def find_repeated(hashes: Keys) -> Mask:
    """Which rows have a hash that another row has, too."""
    ordered = np.sort(hashes)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(repeated):
        return np.zeros(len(hashes), dtype=np.bool_)
    return np.array(pd.Series(hashes).isin(np.unique(repeated)), dtype=np.bool_)


def find_later(hashes: Keys) -> Mask:
    """Which rows have a hash that an earlier row has, too."""
    is_later = find_repeated(hashes)
    is_later[is_later] = pd.Series(hashes[is_later]).duplicated().to_numpy()
    return is_later
