"""Cadence: how often a run looks at its lender's applications."""

from __future__ import annotations

from enum import StrEnum


class Cadence(StrEnum):
    """How often a run looks."""

    MONTHLY = "monthly"
    WEEKLY = "weekly"
    DAILY = "daily"

    @property
    def days(self) -> int:
        """The days from one run to the next."""
        return {Cadence.MONTHLY: 30, Cadence.WEEKLY: 7, Cadence.DAILY: 1}[self]


def find_cadence(days: int) -> Cadence:
    """That of windows of so many days, one after the other.

    Examples
    --------
    >>> str(find_cadence(1)), str(find_cadence(7)), str(find_cadence(31))
    ('daily', 'weekly', 'monthly')
    """
    return Cadence.DAILY if days < Cadence.WEEKLY.days else Cadence.WEEKLY if days < 28 else Cadence.MONTHLY
