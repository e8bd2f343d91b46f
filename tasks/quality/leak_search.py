"""Leaks: rows whose decision a column reveals, so that a model seems better than it is.

A column leaks if it is recorded, or overwritten, after the decision. Its rows then form a group in which nearly all
decisions agree: the column is missing, has one value, or lies beyond a limit. A leak is reported if it is significant
(Fisher's exact test, corrected for every group and every limit tried), large enough (a share of the rows), and abrupt:
the decisions differ from those of the other rows, or of the rows next to a range.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import scipy

from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Mask
from tasks.core.policy import QualityPolicy

# Two signs with this share of their rows in common are one leak of both columns.
_SAME_ROWS = 0.95
# At least this many rows next to the limit of a range are compared with it.
_NEAREST = 30


@dataclass(frozen=True)
class Sign:
    """A property of a row: a column is missing, equals a value, or lies at or beyond a limit."""

    column: str
    kind: Literal["missing", "value", "at_least", "at_most"]
    value: float | str = ""

    def find(self, applications: pd.DataFrame) -> Mask:
        """Which rows have the sign."""
        values = applications[self.column]
        if self.kind == "missing":
            return np.asarray(values.isna())
        if self.kind == "value":
            return np.asarray(values == self.value, dtype=bool)
        numbers = values.to_numpy(float)
        return np.asarray(numbers >= self.value if self.kind == "at_least" else numbers <= self.value)


@dataclass(frozen=True)
class Leak:
    """A sign whose rows nearly all have one label.

    `columns` are all columns with a sign of (nearly) the same rows. `rows` and `share` count labelled rows.
    `agreement` is the label's share among them, `others` among the other rows, or those next to a range's limit.
    `p_value` is corrected for all signs tried.
    """

    sign: Sign
    columns: tuple[str, ...]
    is_positive: bool
    rows: int
    share: float
    agreement: float
    others: float
    p_value: float


def measure_leaks(contract: Contract, applications: pd.DataFrame, labels: Floats, policy: QualityPolicy) -> list[Leak]:
    """The leaks of the contract's features, the largest first; labels are 1, 0, or NaN where not known.

    A sign is tested on those of its rows that no larger leak explains, so that no leak is reported twice.
    """
    is_labelled = ~np.isnan(labels)
    known = labels[is_labelled]
    if len(known) < policy.minimum_rows or len(np.unique(known)) < 2:
        return []
    return _Search(contract.features, applications.loc[is_labelled], known, policy).run()


def suspect_rows(leaks: Sequence[Leak], applications: pd.DataFrame) -> Mask:
    """The rows with the sign of any of the leaks."""
    suspected = np.zeros(len(applications), dtype=bool)
    for leak in leaks:
        suspected |= leak.sign.find(applications)
    return suspected


class _Search:
    """One search among labelled rows; `_is_open` are those that no leak found so far explains."""

    def __init__(
        self, columns: Sequence[Column], applications: pd.DataFrame, labels: Floats, policy: QualityPolicy
    ) -> None:
        self._columns = columns
        self._applications = applications
        self._labels = labels
        self._is_positive = labels == 1
        self._policy = policy
        self._least = max(int(np.ceil(policy.leak_share * len(labels))), 2)
        self._is_open = np.ones(len(labels), dtype=bool)
        self._found: list[tuple[Leak, Mask]] = []
        self._tried = 1

    def run(self) -> list[Leak]:
        """Groups of equal values first, the largest first; then the two ends of every number column."""
        groups = [group for column in self._columns for group in self._list(column)]
        numbers = [column.name for column in self._columns if column.type == "number"]
        # Each row of a number column may become a limit, from either end.
        self._tried = len(groups) + 2 * len(numbers) * len(self._labels)
        for sign, _ in sorted(groups, key=lambda group: -group[1]):
            mask = sign.find(self._applications)
            if not self._join(sign, mask):
                self._test(sign, mask, ~mask, ~mask)
        for name in numbers:
            for is_upper in (True, False):
                self._test_end(name, is_upper)
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

    def _test(self, sign: Sign, mask: Mask, others: Mask, nearest: Mask) -> None:
        """Keep the sign as a leak if its open rows are many, agree, and differ significantly from the nearest ones."""
        tested = mask & self._is_open
        rows = int(np.count_nonzero(tested))
        if rows < self._least or not (nearest & self._is_open).any():
            return
        is_positive = bool(np.count_nonzero(tested & self._is_positive) * 2 >= rows)
        agreeing = self._count(tested, is_positive)
        agreement, elsewhere = agreeing / rows, self._measure_agreement(nearest & self._is_open, is_positive)
        if agreement < self._policy.leak_purity or agreement - elsewhere < self._policy.leak_break:
            return
        compared = others & self._is_open
        among = int(np.count_nonzero(compared))
        by_chance = _test_agreement(agreeing, rows, self._count(compared, is_positive), among)
        p_value = min(by_chance * self._tried, 1.0)
        if p_value > self._policy.leak_level:
            return
        whole = int(np.count_nonzero(mask))
        agreement = self._measure_agreement(mask, is_positive)
        leak = Leak(sign, (sign.column,), is_positive, whole, whole / len(mask), agreement, elsewhere, p_value)
        self._found.append((leak, mask))
        self._is_open &= ~mask

    def _count(self, rows: Mask, is_positive: bool) -> int:
        return int(np.count_nonzero(rows & (self._is_positive if is_positive else ~self._is_positive)))

    def _measure_agreement(self, rows: Mask, is_positive: bool) -> float:
        return self._count(rows, is_positive) / int(np.count_nonzero(rows))

    def _test_end(self, name: str, is_upper: bool) -> None:
        """Test the longest run of values at one end of a column in which nearly all labels agree.

        The agreement must end abruptly: in a merely predictive column the rows next to the limit agree nearly as well.
        """
        numbers = self._applications[name].to_numpy(float)
        rows = np.flatnonzero(self._is_open & ~np.isnan(numbers))
        ordered = rows[np.argsort(-numbers[rows] if is_upper else numbers[rows], kind="stable")]
        length = _find_run(numbers[ordered], self._labels[ordered], self._policy.leak_purity)
        if not self._least <= length < len(ordered):
            return
        limit = float(numbers[ordered[length - 1]])
        sign = Sign(name, "at_least" if is_upper else "at_most", limit)
        others, nearest = np.zeros(len(numbers), dtype=bool), np.zeros(len(numbers), dtype=bool)
        others[ordered[length:]] = True
        nearest[ordered[length : length + max(self._least, _NEAREST)]] = True
        self._test(sign, sign.find(self._applications), others, nearest)


def _find_run(numbers: Floats, labels: Floats, purity: float) -> int:
    """How many of the first rows agree at least to that share; equal values stay together."""
    if not len(numbers):
        return 0
    counted = np.arange(1, len(numbers) + 1)
    positive = np.cumsum(labels)
    is_whole = np.append(numbers[1:] != numbers[:-1], True)
    agreement = np.maximum(positive, counted - positive)
    is_run = is_whole & (agreement >= purity * counted)
    if not is_run.any():
        return 0
    longest = int(np.flatnonzero(is_run)[-1]) + 1
    label = float(positive[longest - 1] * 2 > longest)
    # The purity allows a few rows of the other label: a run ends with a row of its own label.
    is_end = is_run[:longest] & (labels[:longest] == label)
    return int(np.flatnonzero(is_end)[-1]) + 1 if is_end.any() else 0


def _test_agreement(agreeing: int, rows: int, others_agreeing: int, others: int) -> float:
    """The probability of at least this agreement if the rows were like the others (Fisher's exact test)."""
    return float(scipy.stats.hypergeom.sf(agreeing - 1, rows + others, agreeing + others_agreeing, rows))
