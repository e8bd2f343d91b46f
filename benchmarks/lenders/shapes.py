"""Shapes: what is fixed of the lenders of a group; all else is drawn at random.

A group cycles through its cases: lender number n has the case n modulo their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

LeakKind = Literal["", "code", "missing", "scale"]
Slow = Literal["", "positive", "negative", "both"]
Range = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """What is fixed; None means drawn at random. The ranges are of the number drawn.

    Parameters
    ----------
    case
        Its name in the records.
    rows, reference_rows
        Of the window and of the reference.
    applications
        How many a customer makes on average.
    is_named
        Whether the contract names the customer.
    slow, slow_days
        Which decisions take time, and how many days on average.
    rate
        The share of the positive value.
    area
        The AUC of the rule itself.
    is_smooth
        Whether the rule is logistic in its columns.
    is_plain
        4 to 20 columns, none of many words; no customer comes back and every decision is made at once, unless said.
    leak
        The kind of leak in both windows.
    changes
        Names of changes that are planted beside nothing; None means all.
    """

    case: str = ""
    rows: Range = (200, 20_000)
    reference_rows: Range = (300, 50_000)
    applications: float | None = None
    is_named: bool | None = None
    slow: Slow | None = None
    slow_days: float | None = None
    rate: Range | None = None
    area: Range = (0.55, 0.98)
    is_smooth: bool | None = None
    is_plain: bool = False
    leak: LeakKind = ""
    changes: tuple[str, ...] | None = None


def _exactly(rows: int) -> Range:
    return rows, rows


_COMMON = {"rate": (0.25, 0.75), "area": (0.65, 0.92), "is_plain": True}

RIPENING = tuple(
    Shape(f"{rows:,} rows", _exactly(rows), (6_000, 12_000), slow="positive", slow_days=10.0, changes=(), **_COMMON)
    for rows in (1_500, 3_000, 5_000)
)
CUSTOMERS = tuple(
    Shape(
        f"{applications:g} applications, {rows:,} rows, {'named' if is_named else 'not named'}",
        _exactly(rows),
        _exactly(12_000),
        applications=applications,
        is_named=is_named,
        changes=(),
        **_COMMON,
    )
    for applications in (1.0, 2.0, 4.0)
    for rows in (500, 2_000)
    for is_named in (True, False)
)
NO_LEAK = tuple(
    Shape(f"no leak, {rows:,} rows", _exactly(rows), _exactly(3_000), is_smooth=True, changes=(), **_COMMON)
    for rows in (1_500, 3_000, 10_000)
)
LEAKS = tuple(
    Shape(f"leak: {kind}", _exactly(3_000), _exactly(6_000), is_smooth=True, leak=kind, changes=(), **_COMMON)
    for kind in ("code", "missing", "scale")
)
RARE = (
    Shape(
        "1.2 % to 3.0 %",
        _exactly(3_000),
        _exactly(12_000),
        rate=(0.012, 0.012),
        area=(0.65, 0.92),
        is_plain=True,
        changes=("rate to 3.0 %",),
    ),
)
# All kinds of change can be seen at this size, so that a miss says something.
POWER = (Shape("3,000 rows", _exactly(3_000), (6_000, 12_000), **_COMMON),)
GROUPS: dict[str, Sequence[Shape]] = {
    "random": (Shape(),),
    "ripening": RIPENING,
    "customers": CUSTOMERS,
    "leaks": (*NO_LEAK, *LEAKS),
    "rare": RARE,
    "power": POWER,
}


def choose_shape(group: str, number: int) -> Shape:
    """The shape of a lender of a group."""
    cases = GROUPS[group]
    return cases[number % len(cases)]


def draw_size(range_: Range, random: np.random.Generator) -> int:
    """A number of rows, on a logarithmic scale."""
    low, high = np.log(range_)
    return round(float(np.exp(random.uniform(low, high))))
