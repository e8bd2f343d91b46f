"""Windows: the applications of some days with what has been decided about them, as an extract returns them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from benchmarks.lenders.applicants import Applicants, Customers, draw_applicants
from benchmarks.lenders.laws import Random
from benchmarks.lenders.leaks import plant_leak
from benchmarks.lenders.lender import Lender
from tasks.core.arrays import Floats, Mask
from tasks.core.windows import Window, month_of, months_before

WINDOW = month_of("2024-09")
REFERENCE = months_before(WINDOW)
# Both are read at the end of the window's last day: what is decided later is not known.
READ_ON: date = WINDOW.end
_CLOSE_DAYS = 2.0  # between the applications of a customer who comes back at once

# The log odds, and what a change makes of them; by default they stay.
Alter = Callable[[Applicants, Floats], Floats]


@dataclass(frozen=True, eq=False)
class Rows:
    """A window: the frame, the applicants behind it, and for each row the probability and the true outcome.

    `usual` is the probability by the lender's own rule, `chances` the one by which the row was decided.
    """

    frame: pd.DataFrame
    applicants: Applicants
    usual: Floats
    chances: Floats
    is_positive: Mask

    def __len__(self) -> int:
        return len(self.frame)


def draw_rows(
    lender: Lender, purpose: str, days: Window, known: Customers | None = None, alter: Alter | None = None
) -> Rows:
    """The applications of the lender in these days. `alter` changes the rule; everything else is as it always is."""
    random = lender.random(purpose)
    count = lender.rows if days == WINDOW else lender.reference_rows
    applicants = draw_applicants(lender.fields, lender.visits, count, random, known)
    odds = find_odds(lender, applicants)
    chances = expit(odds if alter is None else alter(applicants, odds))
    is_positive = random.random(count) < chances
    times = _draw_times(lender, applicants, days, random)
    identity = _make_identity(lender, applicants, purpose, times)
    outcomes = _make_outcomes(lender, is_positive, _find_decided(lender, times, is_positive, random))
    features = plant_leak(lender, applicants.frame, is_positive, random)
    frame = pd.concat([pd.DataFrame({**identity, lender.contract.target.name: outcomes}), features], axis=1)
    return Rows(frame, applicants, expit(odds), chances, is_positive)


def _make_identity(lender: Lender, applicants: Applicants, purpose: str, times: pd.Series) -> dict[str, Any]:
    """The columns before the outcome, in the contract's order."""
    contract, identity = lender.contract, {}
    identity[contract.id.name] = pd.array([f"{purpose} {row}" for row in range(len(applicants))], dtype="str")
    if contract.customer is not None:
        names = applicants.customers.names[applicants.owner].astype(str)
        identity[contract.customer.name] = pd.array(names.tolist(), dtype="str")
    return {**identity, contract.time.name: times}


def _make_outcomes(lender: Lender, is_positive: Mask, is_known: Mask) -> pd.Categorical:
    contract = lender.contract
    words = list(contract.target.allowed or ())
    decided = np.where(is_positive, words.index(contract.positive), words.index(contract.negative))
    return pd.Categorical.from_codes(np.where(is_known, decided, -1), words).remove_unused_categories()


def find_odds(lender: Lender, applicants: Applicants) -> Floats:
    """The log odds of each row by the lender's rule."""
    values = lender.rule.measure_terms(applicants.frame)
    return np.asarray(lender.rule.intercept + values.sum(axis=1) + applicants.loyalty)


def _draw_times(lender: Lender, applicants: Applicants, days: Window, random: Random) -> pd.Series:
    """Every day is like every other. A customer's applications are spread over the days, or follow each other."""
    start, minutes = np.datetime64(days.start, "m"), days.days * 24 * 60
    if lender.visits.applications > 1 and lender.visits.is_close:
        first = random.uniform(0, minutes, len(applicants.customers))[applicants.owner]
        # Beyond the last day a customer goes on with the first one, so that no day has more than others.
        since = random.exponential(_CLOSE_DAYS * 24 * 60, len(applicants))
        offset = np.mod(first + since, minutes)
    else:
        offset = random.uniform(0, minutes, len(applicants))
    return pd.Series((start + offset.astype("timedelta64[m]")).astype("datetime64[ns]"))


def _find_decided(lender: Lender, times: pd.Series, is_positive: Mask, random: Random) -> Mask:
    """Which rows are decided when the table is read."""
    slow = {"": "", "positive": is_positive, "negative": ~is_positive, "both": np.ones(len(times), dtype=bool)}
    if not lender.delays.slow:
        return np.ones(len(times), dtype=bool)
    delay = random.exponential(lender.delays.days, len(times)) * slow[lender.delays.slow]
    left = (np.datetime64(READ_ON, "D") + np.timedelta64(1, "D") - times.to_numpy()) / np.timedelta64(1, "D")
    return np.asarray(delay <= left)
