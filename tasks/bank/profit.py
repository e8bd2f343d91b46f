"""Profit: what the loans that a model would give bring, where the contract says what a good and a bad one are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.bank.sides import Side
from tasks.contract.lender_model import Profit
from tasks.core.loan_rule import LoanRule


@dataclass(frozen=True)
class ExpectedProfit:
    """The profit at the cut-off.

    Parameters
    ----------
    rows
        Applications with a score and a known outcome; the others are left out.
    given, good
        How many of them would be given a loan, and how many of those turned out good.
    total
        Gains less losses, in `unit`.
    per_application, low, high
        The same over all these applications, refused ones included, with its interval.
    unit
        The currency.
    """

    rows: int
    given: int
    good: int
    total: float
    per_application: float
    low: float
    high: float
    unit: str


def measure_profit(side: Side, lending: LoanRule, profit: Profit, confidence: float) -> ExpectedProfit | None:
    """The profit of a side's applications at the cut-off.

    Parameters
    ----------
    side : Side
        Labels and scores.
    lending : LoanRule
        Who would be given a loan.
    profit : Profit
        What a good loan earns and a bad one costs.
    confidence : float
        Of the interval, by the normal distribution of a mean.

    Returns
    -------
    ExpectedProfit or None
        None with fewer than two usable rows.

    References
    ----------
    Thomas, Edelman & Crook, Credit Scoring and Its Applications (2002), chapter 8: profit at a cut-off.

    Examples
    --------
    >>> side = Side(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.8, 0.7, 0.1]))
    >>> found = measure_profit(side, LoanRule(0.5, is_positive_good=True), Profit(gain=10, loss=30), 0.95)
    >>> found.total, found.per_application
    (-10.0, -2.5)
    """
    held = side.judged
    rows = len(held)
    if rows < 2:
        return None
    given, good = lending.is_given(held.scores), lending.is_good(held.labels)
    brought = np.where(given, np.where(good, profit.gain, -profit.loss), 0.0)
    mean = float(brought.mean())
    reach = float(scipy.stats.norm.ppf((1 + confidence) / 2) * brought.std(ddof=1) / np.sqrt(rows))
    return ExpectedProfit(
        rows,
        int(given.sum()),
        int((given & good).sum()),
        float(brought.sum()),
        mean,
        mean - reach,
        mean + reach,
        profit.unit,
    )
