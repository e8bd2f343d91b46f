"""Marked rows: how many rows of a window a check found, and which of them come first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.contract.contract import Contract
from tasks.core.arrays import Mask
from tasks.extract.extract import EXAMPLES
from tasks.quality.shares import name_rows


@dataclass(frozen=True)
class Marked:
    """Some rows of one or more parts of a window.

    Parameters
    ----------
    rows
        How many.
    examples
        The part and the id of the first few in the window's order.
    """

    rows: int = 0
    examples: tuple[tuple[int, str], ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the first few."""
        return tuple(name for _, name in self.examples)

    def merge(self, other: Marked) -> Marked:
        """The rows of both; those of one part are all in one of them."""
        examples = sorted((*self.examples, *other.examples), key=lambda example: example[0])
        return Marked(self.rows + other.rows, tuple(examples[:EXAMPLES]))


def mark_rows(contract: Contract, applications: pd.DataFrame, mask: Mask, part: int) -> Marked:
    """The rows of a mask over one part."""
    rows = int(np.count_nonzero(mask))
    return mark_ids(rows, name_rows(contract, applications, mask), part) if rows else Marked()


def mark_ids(rows: int, ids: tuple[str, ...], part: int) -> Marked:
    """Rows of one part, of which the ids of the first few are known."""
    return Marked(rows, tuple((part, name) for name in ids[:EXAMPLES]))
