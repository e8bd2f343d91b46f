"""Headline: the few numbers that stand first, each with its usual band and the number of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.bank.meaning import read_meanings
from tasks.bank.profit import ExpectedProfit

if TYPE_CHECKING:
    from tasks.bank.numbers import BankNumbers, Ranking


@dataclass(frozen=True)
class Headline:
    """One number, then and now.

    Parameters
    ----------
    key
        Its entry in meaning.toml.
    name
        For the reader.
    subject
        The column, of a column's number.
    reference, window
        The number on each side. A PSI compares the two, and stands in `window`.
    low, high
        The interval of `window`. Of a PSI: `high` is what chance alone exceeds in 5 % of cases.
    reference_rows, window_rows
        The rows that were counted.
    band
        The usual word for `window`; empty where none is usual.
    unit
        Of profit: the currency for each application.
    """

    key: str
    name: str
    subject: str
    reference: float | None
    window: float | None
    low: float | None
    high: float | None
    reference_rows: int
    window_rows: int
    band: str
    unit: str = ""


def list_headlines(numbers: BankNumbers) -> list[Headline]:
    """The PSI of the score and of the column that moved most, KS, Gini and profit, as far as they were measured."""
    return list(_list(numbers))


def _list(numbers: BankNumbers) -> Iterator[Headline]:
    for key, psi in (("psi", numbers.psi), *(("csi", column) for column in numbers.columns[:1])):
        rows = psi.reference_rows, psi.window_rows
        yield _make(key, (None, psi.value), (0.0, psi.chance_limit), rows, psi.column)
    before, now = numbers.reference, numbers.window
    if before is not None or now is not None:
        rows = before.ks_rows if before else 0, now.ks_rows if now else 0
        yield _make("ks", _both(before, now, "ks"), (None, None), rows)
        rows = before.gini_rows if before else 0, now.gini_rows if now else 0
        yield _make("gini", _both(before, now, "gini"), (now.low, now.high) if now else (None, None), rows)
    if numbers.window_profit is not None:
        yield _tell_profit(numbers.reference_profit, numbers.window_profit)


def _both(before: Ranking | None, now: Ranking | None, name: str) -> tuple[float | None, float | None]:
    return getattr(before, name, None), getattr(now, name, None)


def _tell_profit(before: ExpectedProfit | None, now: ExpectedProfit) -> Headline:
    values = before.per_application if before else None, now.per_application
    rows = before.rows if before else 0, now.rows
    return _make("profit", values, (now.low, now.high), rows, unit=now.unit)


def _make(
    key: str,
    values: tuple[float | None, float | None],
    ends: tuple[float | None, float | None],
    rows: tuple[int, int],
    subject: str = "",
    unit: str = "",
) -> Headline:
    meaning = read_meanings()[key]
    return Headline(key, meaning.name, subject, *values, *ends, *rows, meaning.name_band(values[1]), unit)
