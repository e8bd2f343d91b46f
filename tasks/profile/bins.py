"""Bins: how the values of one column become a few codes, so that a window can be compared by its counts.

The codes of a column are 0 for a missing value, then the levels in their order. The levels of a number are its
intervals from low to high and then its special values; those of a text are its categories and then one for all
categories that are rare in the reference, or that it does not have. The first and the last interval of a number lie
outside what the reference held.

A reference has more of its own rare words than a fresh sample of the same kind would show, and none of the unseen ones
(Good, Biometrika 40, 1953). So rare and unseen words are one level, whose share is the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tasks.contract.columns import Column
from tasks.core.arrays import Codes, Counts, Floats, Integers, Keys

MISSING = 0
NEW_CATEGORY, RARE_OR_NEW = "(new category)", "(rare or new category)"

# The reference's quantiles at which a number is cut, and how frequent a value must be for an interval of its own.
INTERVALS = 20
ATOM_SHARE = 1 / INTERVALS

# A word of fewer reference rows has no level of its own; of more, where many words lie near the limit.
LEAST_WORD_ROWS = 10
# So large a share of the rows may change its level because a word is met once more or less.
MOST_AT_LIMIT = 0.005
FEW_WORDS = 20  # of so few words none is at the limit for having been chosen among many

# The most groups that the levels of a column are gathered into, and the fewest rows of a window in a group.
MOST_GROUPS = 6
LEAST_GROUP_ROWS = 20


@dataclass(frozen=True, eq=False)
class Bins:
    """The levels of one column. `edges` belong to a number, `categories` to a text.

    The interval between two edges holds its lower edge, not its upper one. `special` maps a number that stands for
    something else to its meaning. `rare` maps the words of an unordered text that have no level of their own to their
    customers in the reference, or to their rows where no customer comes back.
    """

    name: str
    is_number: bool
    is_ordered: bool
    unit: str
    edges: Floats
    special: dict[float, str]
    categories: tuple[str, ...]
    rare: dict[str, int] = field(default_factory=dict)

    @property
    def levels(self) -> int:
        """The number of levels; the codes are 0 to `levels`."""
        return len(self.edges) + 1 + len(self.special) if self.is_number else len(self.categories) + 1

    @property
    def intervals(self) -> int:
        """The number of levels that are intervals of a number, the two beyond the reference included."""
        return len(self.edges) + 1

    @property
    def new_codes(self) -> tuple[int, ...]:
        """The codes of values that the reference did not have; of a text, rare ones are among them."""
        if not self.is_number:
            return (self.levels,)
        return (1, self.intervals) if len(self.edges) else ()

    @property
    def rest_name(self) -> str:
        """The name of a text's last level."""
        return RARE_OR_NEW if self.rare else NEW_CATEGORY

    @property
    def codes_apart(self) -> tuple[int, ...]:
        """The codes that belong to no order: missing, and the special values of a number."""
        return (MISSING, *range(self.intervals + 1, self.levels + 1)) if self.is_number else (MISSING,)

    def group_codes(self, counts: Counts) -> Integers:
        """The group of each code, for questions that need many rows in each; `counts` are the reference's by code.

        Levels in an order fill the groups evenly. Of other categories (they stand by their frequency) the first have a
        group each and the rest share the last one. Missing and special values are groups of their own, behind these;
        with those of them that have rows enough there are at most six groups.
        """
        apart = np.array(self.codes_apart)
        plain = np.setdiff1d(np.arange(self.levels + 1), apart)
        most = max(MOST_GROUPS - int(np.sum(counts[apart] >= LEAST_GROUP_ROWS)), 2)
        group = np.zeros(self.levels + 1, dtype=np.int64)
        if self.is_ordered:
            middles = np.cumsum(counts[plain]) - counts[plain] / 2
            group[plain] = np.minimum(middles * most / max(counts[plain].sum(), 1), most - 1).astype(np.int64)
        else:
            group[plain] = np.minimum(np.arange(len(plain)), most - 1)
        group[apart] = most + np.arange(len(apart))
        return group

    def encode(self, values: pd.Series) -> Codes:
        """The codes of a column's values; infinities are missing."""
        if self.is_number:
            return self._encode_numbers(values.to_numpy(np.float64))
        held = values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("category")
        known = pd.Index(self.categories).get_indexer(held.cat.categories.astype(object))
        codes = np.where(known < 0, self.levels, known + 1)
        return np.asarray(np.append(codes, MISSING)[held.cat.codes.to_numpy()], dtype=np.int32)

    def _encode_numbers(self, numbers: Floats) -> Codes:
        codes = (np.searchsorted(self.edges, numbers, side="right") + 1).astype(np.int32)
        for place, value in enumerate(self.special, start=1):
            codes[numbers == value] = self.intervals + place
        codes[~np.isfinite(numbers)] = MISSING
        return codes

    def count_rare(self, values: pd.Series, keys: Keys | None = None) -> Integers:
        """The customers (without keys: the rows) of each rare category, in the order of `rare`."""
        counts = count_values(values, keys)
        return np.asarray(counts.reindex(list(self.rare), fill_value=0), dtype=np.int64)

    def count_new(self, values: pd.Series, keys: Keys | None = None) -> pd.Series:
        """The customers (without keys: the rows) of each category that the reference did not have, most first."""
        counts = count_values(values, keys)
        return counts[~counts.index.isin([*self.categories, *self.rare])]

    def decode(self, codes: Codes) -> pd.Series:
        """A value that stands for each code: an interval's middle, a special value, a category."""
        if self.is_number:
            return pd.Series(np.concatenate([[np.nan], self._middles(), list(self.special)])[codes], name=self.name)
        categories = np.array([None, *self.categories, self.rest_name], dtype=object)
        return pd.Series(categories[codes], name=self.name, dtype=object)

    def _middles(self) -> Floats:
        """Between each two edges; beyond the outer ones, these; an interval of a single value is that value."""
        if not len(self.edges):
            return np.zeros(1)
        lower, upper = self.edges[:-1], self.edges[1:]
        is_single = np.nextafter(lower, np.inf) == upper
        inner = np.where(is_single | (len(self.edges) <= INTERVALS), lower, (lower + upper) / 2)
        return np.concatenate([[self.edges[0]], inner, [np.nextafter(self.edges[-1], -np.inf)]])

    def name_line(self, place: int) -> str:
        """What lies beyond the line behind the level number `place`, counted from 0: "1,200 USD or more"."""
        if not self.is_number:
            return f"“{self.categories[min(place + 1, len(self.categories) - 1)]}” or later"
        if place >= len(self.edges):
            return " or ".join(f"“{meaning}”" for meaning in list(self.special.values())[place - len(self.edges) :])
        edge = float(self.edges[place])
        below = float(np.nextafter(edge, -np.inf))
        if len(repr(below)) < len(repr(edge)):
            return f"above {_shorten(below)} {self.unit}".strip()
        return f"{f'{_shorten(edge)} {self.unit}'.strip()} or more"

    def name_level(self, place: int) -> str:
        """The category of the level number `place`, counted from 0."""
        if place < len(self.categories):
            return f"“{self.categories[place]}”"
        rare = "is rare in the reference or " if self.rare else ""
        return f"a category that {rare}does not occur in {'it' if rare else 'the reference'}"


def count_values(values: pd.Series, keys: Keys | None = None) -> pd.Series:
    """The customers with each value, most first; without keys, the rows. Values that do not occur are left out."""
    if keys is not None:
        is_known = values.notna().to_numpy()
        values = values[~pd.DataFrame({"value": values.array, "key": keys}).duplicated().to_numpy() & is_known]
    counts = values.value_counts()
    counts.index = counts.index.astype(object)
    return counts[counts > 0]


def fit_bins(column: Column, values: pd.Series, keys: Keys | None = None) -> Bins:
    """The levels of a reference column. With `keys`, a word is rare by its customers and not by its rows."""
    if column.type == "number":
        numbers = values.to_numpy(np.float64)
        plain = numbers[np.isfinite(numbers) & ~np.isin(numbers, list(column.special))]
        return Bins(column.name, True, True, column.unit, fit_edges(plain), dict(column.special), ())
    counts = count_values(values, keys)
    held = sorted(counts.index, key=lambda category: (-counts[category], category))
    if column.ordered is not None:
        categories = (*column.ordered, *(category for category in held if category not in column.ordered))
        return Bins(column.name, False, True, "", np.empty(0), {}, categories)
    least = choose_least_rows(counts.to_numpy(np.int64))
    frequent = tuple(category for category in held if counts[category] >= least)
    rare = {str(category): int(counts[category]) for category in held[len(frequent) :]}
    return Bins(column.name, False, False, "", np.empty(0), {}, frequent, rare)


def choose_least_rows(counts: Integers) -> int:
    """How many reference rows a word needs for a level of its own; `counts` are those of the words.

    Words that have just enough rows have them by luck as often as by right, and a fresh sample shows them less. The
    share of rows that such luck moves is that of the words at the limit (a leave-one-out estimate, as Good's): where it
    is not small, the limit is raised.

    Examples
    --------
    >>> choose_least_rows(np.array([900, 60, 30, 10])), choose_least_rows(np.full(100, 10))
    (10, 11)
    """
    if len(counts) <= FEW_WORDS:
        return LEAST_WORD_ROWS
    rows, most = int(counts.sum()), int(counts.max(initial=0))
    for least in range(LEAST_WORD_ROWS, most + 1):
        width = max(round(float(np.sqrt(least))), 1)
        near = counts[(counts >= least) & (counts < least + width)]
        if near.sum() <= MOST_AT_LIMIT * width * rows:
            return least
    return max(most + 1, LEAST_WORD_ROWS)


def fit_edges(numbers: Floats) -> Floats:
    """Where to cut a number: at its ends, at every value if there are few, else at 19 quantiles and around atoms."""
    if not len(numbers):
        return np.empty(0)
    ordered = np.sort(numbers)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1])
    values, sizes = ordered[starts], np.diff(np.append(starts, len(ordered)))
    end = np.nextafter(values[-1:], np.inf)
    if len(values) <= INTERVALS:
        return np.asarray(np.concatenate([values, end]), dtype=np.float64)
    quantiles = ordered[np.arange(1, INTERVALS) * len(ordered) // INTERVALS]
    atoms = values[sizes >= ATOM_SHARE * len(ordered)]
    cuts = np.concatenate([values[:1], quantiles, atoms, np.nextafter(atoms, np.inf), end])
    return np.asarray(np.unique(cuts), dtype=np.float64)


def _shorten(value: float) -> str:
    """Four significant digits with thousands marked."""
    return f"{float(f'{value:.4g}'):,.10g}"
