"""Lender: what one is, as data: its contract, the laws of its columns, its customers, its decisions, its sizes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.lenders.laws import MANY_WORDS, Law, NumberLaw, Random
from benchmarks.lenders.rule import Rule
from benchmarks.lenders.shapes import Shape, Slow
from tasks.contract.columns import Column
from tasks.contract.contract import Contract
from tasks.core.arrays import Floats


@dataclass(frozen=True, eq=False)
class Gap:
    """Missing values: the group of columns that lack one together, how often, and the column that it depends on."""

    group: int
    share: float
    driver: int | None


@dataclass(frozen=True, eq=False)
class Field:
    """One feature: its entry in the contract, its law, and how it hangs together with others.

    `loadings` on the common factors have a length of at most 1; what is left is the column's own. `is_customers`: all
    applications of a customer have the same value. `sentinel` is a value that stands for something else, and its share.
    """

    column: Column
    law: Law
    is_customers: bool
    loadings: Floats
    gap: Gap | None = None
    sentinel: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return isinstance(self.law, NumberLaw)

    @property
    def words(self) -> int:
        """How many words it can hold; 0 for a number."""
        return 0 if isinstance(self.law, NumberLaw) else len(self.law.words)

    @property
    def present(self) -> float:
        """The share of the rows with a value that is no sentinel."""
        return (1 - (self.gap.share if self.gap else 0.0)) * (1 - (self.sentinel[1] if self.sentinel else 0.0))


@dataclass(frozen=True)
class Visits:
    """Customers who come back: applications on average, and what they have in common.

    `is_close`: all within a few days, else spread over the window. `known` is the share of a window's customers who
    are in the reference as well. `loyalty` is the deviation of a customer's own log odds, which no column shows.
    """

    applications: float = 1.0
    is_close: bool = False
    known: float = 0.0
    loyalty: float = 0.0


@dataclass(frozen=True)
class Delays:
    """Which decisions take time, and how many days on average (exponential)."""

    slow: Slow = ""
    days: float = 0.0


@dataclass(frozen=True, eq=False)
class Lender:
    """A lender. `rule` decides; every random draw depends on the seed, the group, the number and its purpose only."""

    seed: int
    group: str
    number: int
    shape: Shape
    contract: Contract
    fields: tuple[Field, ...]
    visits: Visits
    delays: Delays
    rule: Rule
    reference_rows: int
    rows: int

    def random(self, purpose: str) -> Random:
        """The generator of one purpose."""
        return seed_purpose(self.seed, self.group, self.number, purpose)

    @cached_property
    def kinds(self) -> list[str]:
        """What is special about the lender, by which the table is split; `plain` where nothing is."""
        found = [name for name, holds in KINDS.items() if holds(self)]
        return found if set(found) - _USUAL else ["plain", *found]


# The kinds of lender; the last three make no lender special.
KINDS: dict[str, Callable[[Lender], bool]] = {
    "plain": lambda lender: False,
    "many words": lambda lender: any(field.words >= MANY_WORDS for field in lender.fields),
    "customers": lambda lender: lender.visits.applications > 1 and lender.contract.customer is not None,
    "customers not named": lambda lender: lender.visits.applications > 1 and lender.contract.customer is None,
    "ripening": lambda lender: bool(lender.delays.slow),
    "rare": lambda lender: min(lender.rule.rate, 1 - lender.rule.rate) < 0.05,
    "small reference": lambda lender: lender.reference_rows < 1_000,
    "small window": lambda lender: lender.rows < 500,
    "weak rule": lambda lender: lender.rule.area < 0.65,
    "jagged rule": lambda lender: not lender.rule.is_smooth,
    "many columns": lambda lender: len(lender.fields) >= 30,
    "hidden sentinel": lambda lender: any(field.sentinel and not field.column.special for field in lender.fields),
}
_USUAL = {"jagged rule", "many columns", "hidden sentinel"}


def seed_purpose(seed: int, group: str, number: int, purpose: str) -> Random:
    """The generator of one lender's purpose."""
    return np.random.default_rng([seed, zlib.crc32(group.encode()), number, zlib.crc32(purpose.encode())])
