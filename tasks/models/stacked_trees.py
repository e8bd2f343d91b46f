"""All small trees of a model at once, for applications as they are and with columns replaced.

`tree_tables` reads one tree after the other, which is fast for many rows. Here the tests of all trees and folds are one
array, and so are the places in their tables: one application takes some sixty calls of NumPy, however many trees there
are. A replaced column changes what some trees are asked: each such tree is one more *case*, and the other trees' values
are used again. Each sum is taken in the order of its trees, and so is the same as scikit-learn's to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tasks.core.arrays import Floats, Integers
from tasks.models.tree_tables import TreeTable, tabulate

# What is read in the place of a row: another row, or a number that is the same for all applications.
Change = Mapping[int, int | float]
# A test: its row, whether a missing value passes, and the threshold up to which a value does.
Test = tuple[int, bool, float]

# The arrays of so many applications stay in a core's cache.
BLOCK_ROWS = 200
# Up to so many entries, the values of all tables are stored by place: one step in place of two.
MOST_ENTRIES = 1_000_000


@dataclass(frozen=True)
class Fold:
    """One fold's trees in their order (scikit-learn's TreePredictor), and the number that their sum begins with."""

    baseline: float
    trees: Sequence[Any]


@dataclass(frozen=True, eq=False)
class StackedTrees:
    """The trees of all folds.

    `groups` are the tests of one row, with their places in `thresholds`. `tests` names those of each bit and case. The
    table of a case begins in `values` at `offsets`; where `leaves` lies between, its leaves begin at `offsets`, and
    their values at `value_offsets`. `sums` has a row for each fold and
    change, with a 1 for the baseline and for each case.
    """

    groups: tuple[tuple[int, bool, slice], ...]
    thresholds: Floats
    tests: Integers
    offsets: Integers
    leaves: NDArray[np.uint8] | None
    value_offsets: Integers
    values: Floats
    baselines: Floats
    sums: sparse.csr_array

    def add(self, rows: Floats) -> Floats:
        """The sums of each fold, for the applications as they are and with each change: folds × changes × applications.

        `rows` holds what the tests read: a row for each column, with a value for each application.
        """
        count = rows.shape[1]
        sums = np.empty((self.sums.shape[0], count))
        for start in range(0, count, BLOCK_ROWS):
            part = rows[:, start : start + BLOCK_ROWS]
            places = self.offsets[:, None] + self._find_places(self._test(part))
            if self.leaves is not None:
                places = self.value_offsets[:, None] + self.leaves[places]
            values = np.empty((len(places) + len(self.baselines), part.shape[1]))
            np.take(self.values, places, out=values[: len(places)], mode="clip")  # without clip it makes a copy
            values[len(places) :] = self.baselines[:, None]
            sums[:, start : start + BLOCK_ROWS] = self.sums @ values
        return sums.reshape(len(self.baselines), -1, count)

    def _test(self, rows: Floats) -> NDArray[np.uint8]:
        """The results of all tests as 0 and 1, and behind them a no and a yes."""
        results = np.empty((len(self.thresholds) + 2, rows.shape[1]), dtype=np.bool_)
        results[-2:] = [[False], [True]]
        for row, passes_missing, tests in self.groups:
            # A comparison with a missing value is false: the direction is chosen so that false is the right one.
            compare = np.greater if passes_missing else np.less_equal
            compare(rows[row], self.thresholds[tests, None], out=results[tests])
            if passes_missing:
                np.logical_not(results[tests], out=results[tests])
        return results.view(np.uint8)

    def _find_places(self, results: NDArray[np.uint8]) -> NDArray[np.unsignedinteger[Any]]:
        """For each case its results, read as bits."""
        places: NDArray[np.unsignedinteger[Any]] = _read_bits(results, self.tests[:8])
        if len(self.tests) > 8:
            places = places + _read_bits(results, self.tests[8:]) * np.uint16(256)
        return places


def _read_bits(results: NDArray[np.uint8], tests: Integers) -> NDArray[np.uint8]:
    """Up to eight results as one number, the first as its lowest bit; doubling is faster than NumPy's shift."""
    number: NDArray[np.uint8] = results[tests[-1]]
    for of_bit in tests[-2::-1]:
        number += number
        number += results[of_bit]
    return number


def stack_trees(folds: Sequence[Fold], changes: Sequence[Change]) -> StackedTrees:
    """The trees of all folds (at least one each), for applications as they are and with each of the changes.

    A tree's feature is the row of that number.
    """
    asked = [{}, *changes]
    tables = [tabulate(fold.trees) for fold in folds]
    cases: dict[tuple[int, tuple[Test | bool, ...]], int] = {}
    lines: list[list[list[int]]] = [[[] for _ in asked] for _ in folds]
    stacked: list[TreeTable] = []
    for fold, of_fold in enumerate(tables):
        for table in of_fold:
            for number, change in enumerate(asked):
                case = len(stacked), _list_tests(table, change)
                lines[fold][number].append(cases.setdefault(case, len(cases)))
            stacked.append(table)
    tests, named = _name_tests([tests for _, tests in cases])
    of_case = np.array([tree for tree, _ in cases])
    leaves, starts = [table.leaves for table in stacked], _find_starts([table.leaves for table in stacked])
    is_small = sum(map(len, leaves)) <= MOST_ENTRIES
    by_place = [table.values[table.leaves] if is_small else table.values for table in stacked]
    return StackedTrees(
        _group(tests),
        np.array([threshold for _, _, threshold in tests]),
        named,
        starts[of_case],
        None if is_small else np.concatenate(leaves),
        _find_starts(by_place)[of_case],
        np.concatenate(by_place),
        np.array([fold.baseline for fold in folds]),
        _make_sums(len(cases), lines),
    )


def _list_tests(table: TreeTable, change: Change) -> tuple[Test | bool, ...]:
    """What a tree asks, its first bit first: a test or, where the value is known, its result."""
    return tuple(
        (row, passes_missing, threshold)
        if isinstance(row, int)
        else (not row > threshold if passes_missing else row <= threshold)
        for row, passes_missing, threshold in zip(
            (change.get(feature, feature) for feature in table.features.tolist()),
            table.missing_left.tolist(),
            table.thresholds.tolist(),
            strict=True,
        )
    )


def _name_tests(cases: Sequence[tuple[Test | bool, ...]]) -> tuple[list[Test], Integers]:
    """The distinct tests by their rows, and their numbers by bit and case; a no fills up the short ones."""
    tests = sorted({one for asked in cases for one in asked if not isinstance(one, bool)})
    number = {one: place for place, one in enumerate(tests)} | {False: len(tests), True: len(tests) + 1}
    named = np.full((max(1, *map(len, cases)), len(cases)), number[False], dtype=np.int64)
    for case, asked in enumerate(cases):
        named[: len(asked), case] = [number[one] for one in asked]
    return tests, named


def _group(tests: Sequence[Test]) -> tuple[tuple[int, bool, slice], ...]:
    """The tests that one comparison answers: those of one row and one answer for a missing value."""
    starts = [place for place, one in enumerate(tests) if not place or one[:2] != tests[place - 1][:2]]
    return tuple(
        (*tests[start][:2], slice(start, end)) for start, end in zip(starts, [*starts[1:], len(tests)], strict=True)
    )


def _find_starts(parts: Sequence[NDArray[Any]]) -> Integers:
    return np.cumsum([0, *map(len, parts[:-1])])


def _make_sums(cases: int, lines: Sequence[Sequence[Sequence[int]]]) -> sparse.csr_array:
    """Ones where a case is added. A product adds them as they stand here: the baseline, then the trees in order."""
    chosen = [[cases + fold, *line] for fold, of_fold in enumerate(lines) for line in of_fold]
    ends = np.cumsum([0, *map(len, chosen)])
    places = np.concatenate(chosen)
    return sparse.csr_array((np.ones(len(places)), places, ends), shape=(len(chosen), cases + len(lines)))
