"""Column counts: what the checks of columns need of one column, as numbers that add up over the parts of a window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tasks.core.arrays import Keys
from tasks.quality.marked import Marked


@dataclass(frozen=True)
class Beyond:
    """Numbers outside their column's range, and the smallest and the largest of them."""

    marked: Marked = field(default_factory=Marked)
    lowest: float = np.inf
    highest: float = -np.inf

    def merge(self, other: Beyond) -> Beyond:
        """Those of both."""
        lowest, highest = min(self.lowest, other.lowest), max(self.highest, other.highest)
        return Beyond(self.marked.merge(other.marked), lowest, highest)


@dataclass(frozen=True, eq=False)
class Words:
    """The words of a category column.

    Parameters
    ----------
    distinct : array
        The hash of each word that occurs, ascending.
    others
        The rows with a word that is not allowed.
    counts
        How often such words occur: of each part, only the `MOST_NAMED` most frequent ones.
    """

    distinct: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))
    others: Marked = field(default_factory=Marked)
    counts: Mapping[str, int] = field(default_factory=dict)

    def merge(self, other: Words) -> Words:
        """Those of both."""
        counts = Counter(self.counts)
        counts.update(other.counts)
        distinct = _unite(self.distinct, other.distinct)
        return Words(distinct, self.others.merge(other.others), dict(counts))


# Of each part, so many words that are not allowed are counted by themselves.
MOST_NAMED = 1_000


def _unite(some: Keys, others: Keys) -> Keys:
    """Most parts have the same words: then nothing is copied."""
    return some if np.array_equal(some, others) else np.union1d(some, others)


@dataclass(frozen=True, eq=False)
class ColumnCounts:
    """What is counted of one column.

    Parameters
    ----------
    present
        The rows with a value.
    infinite
        The rows with an infinite number.
    first
        The part and the value of the first of them; None where there is none.
    is_varied
        Whether two of the values differ.
    special
        The rows with each special value of the contract, in its order.
    beyond
        The numbers outside the range.
    words
        The words of a category.
    """

    present: int = 0
    infinite: int = 0
    first: tuple[int, object] | None = None
    is_varied: bool = False
    special: tuple[int, ...] = ()
    beyond: Beyond = field(default_factory=Beyond)
    words: Words = field(default_factory=Words)

    def count_unusable(self, rows: int) -> int:
        """How many of so many rows have no value, a special one, or an infinite one."""
        return rows - self.present + sum(self.special) + self.infinite

    def merge(self, other: ColumnCounts) -> ColumnCounts:
        """Those of both: of the same column, and of different parts."""
        firsts = sorted((each.first for each in (self, other) if each.first is not None), key=lambda first: first[0])
        return ColumnCounts(
            self.present + other.present,
            self.infinite + other.infinite,
            firsts[0] if firsts else None,
            self.is_varied or other.is_varied or (len(firsts) > 1 and firsts[0][1] != firsts[1][1]),
            tuple(mine + theirs for mine, theirs in zip(self.special, other.special, strict=True)),
            self.beyond.merge(other.beyond),
            self.words.merge(other.words),
        )
