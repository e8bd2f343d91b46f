"""Leaks: rows whose decision a column reveals, so that a model seems better than it is.

A column leaks if it is recorded, or overwritten, after the decision. Its rows then form a group in which nearly all
decisions agree: the column is missing, has one value, or lies beyond a limit. A leak is reported if it is significant
(corrected for every group and every limit tried), large enough (a share of the rows), and abrupt: the decisions differ
from those of other rows, or of the rows next to a range.

What a leak breaks is smoothness, as a column that is merely predictive has pure ends too. So a range, or one number in
the midst of others, is tested against a smooth curve through the column's decisions (`tasks.statistics.smooth`). A
missing value, a category, a special value and numbers beyond a wide gap are on no curve: they are tested against all
other rows (Fisher's exact test).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers, Mask
from tasks.core.policy import QualityPolicy
from tasks.quality.leak_ends import find_midst, find_spikes, measure_end, measure_value
from tasks.quality.leak_precision import UNITS, measure_multiples
from tasks.quality.leak_signs import Leak, Sign, compare_agreement

# Two signs with this share of their rows in common are one leak of both columns.
_SAME_ROWS = 0.95


def measure_leaks(contract: Contract, applications: pd.DataFrame, labels: Floats, policy: QualityPolicy) -> list[Leak]:
    """The leaks of the contract's features, the largest first; labels are 1, 0, or NaN where not known.

    A sign is tested on those of its rows that no larger leak explains, so that no leak is reported twice.
    """
    is_labelled = ~np.isnan(labels)
    known = labels[is_labelled]
    if len(known) < policy.minimum_rows or len(np.unique(known)) < 2:
        return []
    rows = applications if is_labelled.all() else applications.loc[is_labelled]  # no copy of a wide frame
    return _Search(contract.features, rows, known, policy, _number_customers(contract, rows)).run()


def suspect_rows(leaks: Sequence[Leak], applications: pd.DataFrame) -> Mask:
    """The rows with the sign of any of the leaks."""
    suspected = np.zeros(len(applications), dtype=bool)
    for leak in leaks:
        suspected |= leak.sign.find(applications)
    return suspected


def _number_customers(contract: Contract, applications: pd.DataFrame) -> Integers | None:
    """The number of each row's customer, -1 where it is not known; None where the contract names no customer."""
    if contract.customer is None:
        return None
    return np.asarray(pd.factorize(applications[contract.customer.name])[0], dtype=np.int64)


class _Search:
    """One search among labelled rows; `_is_open` are those that no leak found so far explains."""

    def __init__(
        self,
        columns: Sequence[Column],
        applications: pd.DataFrame,
        labels: Floats,
        policy: QualityPolicy,
        customers: Integers | None = None,
    ) -> None:
        self._columns = columns
        self._applications = applications
        self._labels = labels
        self._is_positive = labels == 1
        self._policy = policy
        self._customers = customers
        self._least = max(int(np.ceil(policy.leak_share * len(labels))), 2)
        self._specials = {column.name: list(column.special) for column in columns}
        self._is_open = np.ones(len(labels), dtype=bool)
        numbers = [column.name for column in columns if column.type == "number"]
        self._spikes: dict[str, Floats] = {}
        self._spikes |= {name: find_spikes(self._list_numbers(name)[1], self._least) for name in numbers}
        self._midst = {name: find_midst(self._list_numbers(name)[1]) for name in numbers}
        self._found: list[tuple[Leak, Mask]] = []
        self._tried = 1

    def run(self) -> list[Leak]:
        """Groups of equal values first, the largest first; then the two ends of every number column."""
        groups = [group for column in self._columns for group in self._list(column)]
        numbers = [column.name for column in self._columns if column.type == "number"]
        # A number column has two ends: either label may fill them, and they may lie far from all other numbers.
        self._tried = len(groups) + (6 + UNITS) * len(numbers)
        for sign, _ in sorted(groups, key=lambda group: -group[1]):
            mask = sign.find(self._applications)
            if not self._join(sign, mask):
                self._test_group(sign, mask)
        for name in numbers:
            for is_upper in (True, False):
                self._test_far_end(name, is_upper)
                self._test_end(name, is_upper)
            self._test_multiples(name)
        return sorted((leak for leak, _ in self._found), key=lambda leak: -leak.rows)

    def _list(self, column: Column) -> Iterator[tuple[Sign, int]]:
        """Missing, and the values of enough rows, each with its count."""
        values = self._applications[column.name]
        missing = int(values.isna().sum())
        if missing >= self._least:
            yield Sign(column.name, "missing"), missing
        counts = values.value_counts()
        for value, rows in zip(counts.index, counts.to_numpy(), strict=True):
            if rows < self._least:
                break
            yield Sign(column.name, "value", value if column.type == "category" else float(value)), int(rows)

    def _join(self, sign: Sign, mask: Mask) -> bool:
        """Whether the sign has the rows of a known leak; if so, its column is added to that leak."""
        for place, (leak, rows) in enumerate(self._found):
            if (mask & rows).sum() >= _SAME_ROWS * (mask | rows).sum():
                named = {*leak.columns, sign.column}
                columns = tuple(column.name for column in self._columns if column.name in named)
                self._found[place] = (replace(leak, columns=columns), rows)
                return True
        return False

    def _test_group(self, sign: Sign, mask: Mask) -> None:
        """Test the open rows of a group: against a smooth rule where the sign is a number in the midst of others, else
        against all other rows.
        """
        tested = mask & self._is_open
        rows, others = int(np.count_nonzero(tested)), self._is_open & ~mask
        if rows < self._least or not others.any():
            return
        is_positive = bool(np.count_nonzero(tested & self._is_positive) * 2 >= rows)
        agreeing = self._count(tested, is_positive)
        if agreeing < self._policy.leak_purity * rows:
            return
        if self._is_in_midst(sign):
            elsewhere, chance = self._compare_with_rule(sign, tested, is_positive)
        else:
            elsewhere = self._measure_agreement(others, is_positive)
            worth = self._count_customers(tested) / rows
            chance = compare_agreement(
                round(agreeing * worth),
                round(rows * worth),
                round(self._count(others, is_positive) * worth),
                round(int(np.count_nonzero(others)) * worth),
            )
        self._keep(sign, mask, is_positive, elsewhere, chance)

    def _count_customers(self, tested: Mask) -> int:
        """How many customers the rows are of: many rows of one customer show no more than one."""
        if self._customers is None:
            return int(np.count_nonzero(tested))
        held = self._customers[tested]
        return len(np.unique(held[held >= 0])) + int(np.sum(held < 0))

    def _is_in_midst(self, sign: Sign) -> bool:
        """Whether the sign is one number among others, and neither a special value nor far from all of them."""
        if sign.kind != "value" or not isinstance(sign.value, float) or sign.value in self._specials[sign.column]:
            return False
        lowest, highest = self._midst[sign.column]
        if sign.value in self._spikes[sign.column]:
            lowest, highest = find_midst(np.append(self._list_numbers(sign.column)[1], sign.value))
        return lowest <= sign.value <= highest

    def _compare_with_rule(self, sign: Sign, tested: Mask, is_positive: bool) -> tuple[float, float]:
        """The agreement of the rows with the nearest numbers, and the chance of the group under a smooth rule."""
        rows, numbers = self._list_numbers(sign.column)
        is_other = numbers != sign.value
        count = int(np.count_nonzero(tested))
        group = (count, count - self._count(tested, is_positive))
        others = numbers[is_other], self._labels[rows][is_other]
        return measure_value(others, float(sign.value), group, float(is_positive), self._least)

    def _sign(self, name: str, kind: Literal["at_least", "at_most", "multiple"], value: float) -> Sign:
        """A sign of many numbers, but for those that stand for something else."""
        return Sign(name, kind, value, (*self._specials[name], *self._spikes[name].tolist()))

    def _list_numbers(self, name: str) -> tuple[Integers, Floats]:
        """The open rows with a number that stands for itself: their positions, and the numbers."""
        numbers = self._applications[name].to_numpy(float)
        besides = np.isin(numbers, [*self._specials[name], *self._spikes.get(name, ())])
        rows = np.flatnonzero(self._is_open & np.isfinite(numbers) & ~besides)
        return rows, numbers[rows]

    def _keep(self, sign: Sign, mask: Mask, is_positive: bool, elsewhere: float, chance: float) -> bool:
        """Keep the sign as a leak if its rows agree more than others by enough, and significantly."""
        agreement = self._measure_agreement(mask & self._is_open, is_positive)
        p_value = min(chance * self._tried, 1.0)
        if agreement - elsewhere < self._policy.leak_break or p_value > self._policy.leak_level:
            return False
        whole = int(np.count_nonzero(mask))
        agreement = self._measure_agreement(mask, is_positive)
        leak = Leak(sign, (sign.column,), is_positive, whole, whole / len(mask), agreement, elsewhere, p_value)
        self._found.append((leak, mask))
        self._is_open &= ~mask
        return True

    def _count(self, rows: Mask, is_positive: bool) -> int:
        return int(np.count_nonzero(rows & (self._is_positive if is_positive else ~self._is_positive)))

    def _measure_agreement(self, rows: Mask, is_positive: bool) -> float:
        return self._count(rows, is_positive) / int(np.count_nonzero(rows))

    def _test_far_end(self, name: str, is_upper: bool) -> None:
        """Test the numbers beyond a wide gap as a group of their own: no smooth rule holds there."""
        _, numbers = self._list_numbers(name)
        lowest, highest = self._midst[name]
        far = numbers[numbers > highest] if is_upper else numbers[numbers < lowest]
        if len(far):
            limit = float(far.min() if is_upper else far.max())
            sign = self._sign(name, "at_least" if is_upper else "at_most", limit)
            self._test_group(sign, sign.find(self._applications))

    def _test_end(self, name: str, is_upper: bool) -> None:
        """Test the values at one end of a column for a limit beyond which nearly all labels agree.

        A limit counts where the rows next to it agree much less. The chance is that of the largest departure from a
        smooth rule at any limit, so that the labels may choose the limit.
        """
        rows, numbers = self._list_numbers(name)
        lowest, highest = self._midst[name]
        is_midst = (numbers >= lowest) & (numbers <= highest)
        rows, numbers = rows[is_midst], numbers[is_midst]
        for label in (1.0, 0.0):
            found = measure_end(numbers if is_upper else -numbers, self._labels[rows], label, self._least, self._policy)
            if found is None:
                continue
            limit, elsewhere, chance = found
            sign = self._sign(name, "at_least" if is_upper else "at_most", limit if is_upper else -limit)
            if self._keep(sign, sign.find(self._applications), label == 1, elsewhere, chance):
                return

    def _test_multiples(self, name: str) -> None:
        """Test the numbers that are multiples of 10, 100 and 1,000 units, unless the column is known to leak."""
        if any(leak.sign.column == name for leak, _ in self._found):
            return
        rows, numbers = self._list_numbers(name)
        found = measure_multiples(numbers, self._labels[rows], self._least)
        if found is not None:
            chance, elsewhere, unit, label = found
            sign = self._sign(name, "multiple", unit)
            self._keep(sign, sign.find(self._applications), label == 1, elsewhere, chance)
