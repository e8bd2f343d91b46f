"""Whole rows: what is kept of every row of a window that is too large for a frame of all its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.core.arrays import Codes, Days, Floats, Integers, Keys, Mask

# Up to so many levels a code is one byte, with room for what is added to it.
SMALL_LEVELS, MIDDLE_LEVELS = 100, 30_000


@dataclass(frozen=True, eq=False)
class WholeRows:
    """Every row of a window, in its order.

    Parameters
    ----------
    categories : DataFrame
        The columns that are words, and the scores of the lender's own model.
    days, keys : arrays of n
        The day of each application, and the hash of its customer.
    codes : array of n by k, optional
        The levels of its columns by the bins of a champion, and `scores` by that champion; None where there was none.
    scores : array of n, optional
    places : array of s
        The rows whose values are kept in full: those of some customers, drawn by the hash of their key.
    champion : str
        Whose bins and scores these are: the sum of its files; empty where there was none.
    """

    categories: pd.DataFrame
    days: Days
    keys: Keys
    codes: Codes | None
    scores: Floats | None
    places: Integers
    champion: str = ""

    def __len__(self) -> int:
        return len(self.days)


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows whose values are kept in full: their applications, and their places among all rows of the window."""

    applications: pd.DataFrame
    places: Integers

    def take(self, rows: Mask) -> Sample:
        """Those among the rows where the mask is true, with their places among these."""
        is_taken = rows[self.places]
        places = (np.cumsum(rows) - 1)[self.places[is_taken]]
        return Sample(self.applications.loc[is_taken].reset_index(drop=True), places)


def pack_codes(codes: Codes, levels: Sequence[int]) -> Codes:
    """The same codes in as few bytes as their columns' levels allow."""
    most = max(levels, default=0)
    kind = np.int8 if most <= SMALL_LEVELS else np.int16 if most <= MIDDLE_LEVELS else np.int32
    packed: Codes = codes.astype(kind, order="F", copy=False)
    return packed
