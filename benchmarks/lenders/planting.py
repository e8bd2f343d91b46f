"""Planting: what a change is, what it did to a window, and what the monitor must and may say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.lenders.lender import Lender
from benchmarks.lenders.windows import WINDOW, Alter, Rows, draw_rows
from tasks.core.findings import Question
from tasks.core.policy import DriftPolicy

Questions = frozenset[Question]
DATA, LABEL, CONCEPT, MODEL = (
    frozenset({question}) for question in (Question.DATA, Question.LABEL, Question.CONCEPT, Question.MODEL)
)
LIMITS = DriftPolicy()


@dataclass(frozen=True)
class Trace:
    """One way to see a change: the check, its column ("" for none), and the true effect in the check's unit."""

    check: str
    column: str
    effect: float


@dataclass(frozen=True, eq=False)
class Planted:
    """A changed window, the columns at fault, and its traces; without any it is not known what could be seen."""

    rows: Rows
    columns: tuple[str, ...] = ()
    traces: tuple[Trace, ...] = ()


@dataclass(frozen=True, eq=False)
class Place:
    """Where a change is planted: the lender, its reference, how large (in limits), and for the random draws a name."""

    lender: Lender
    reference: Rows
    size: float
    purpose: str

    def draw(self, alter: Alter | None = None) -> Rows:
        """A new window of the lender, decided by a changed rule where `alter` changes it."""
        return draw_rows(self.lender, self.purpose, WINDOW, self.reference.applicants.customers, alter)


@dataclass(frozen=True, eq=False)
class Change:
    """One kind of change: the questions that must raise an alarm, those that may, and why.

    `plant` returns None where the lender has no column for it.
    """

    name: str
    sizes: tuple[float, ...]
    required: Questions
    allowed: Questions
    why: str
    plant: Callable[[Place], Planted | None]

    def is_found(self, raised: Questions) -> bool:
        """Every required question raised an alarm."""
        return self.required <= raised

    def is_right(self, raised: Questions) -> bool:
        """Everything required, and nothing but what is required or allowed, raised an alarm."""
        return self.required <= raised <= self.required | self.allowed
