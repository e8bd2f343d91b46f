"""The synthetic lender's decision rule: log odds of `loan given`. A missing value counts as typical."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats
from tasks.demo.applicants import (
    LONG_TERM,
    TYPICAL_AMOUNT,
    TYPICAL_DEBT,
    TYPICAL_HISTORY,
    TYPICAL_INCOME,
    TYPICAL_SCORE,
)

# Log odds per unit of what `_describe` makes of an applicant. Interactions: debts weigh more on a long term; a large
# amount speaks against a short-term loan and for a long-term one; a good score helps more where credit is used up.
USUAL_RULE: Mapping[str, float] = {
    "constant": 3.0,
    "score": 1.5,
    "debt": -0.9,
    "used": -1.2,
    "history": 0.5,
    "problems": -1.2,
    "properties": 0.5,
    "purpose": 1.0,
    "home": 1.0,
    "long": -2.0,
    "debt on long": -1.2,
    "amount on short": -1.2,
    "amount on long": 1.2,
    "score on used": 1.0,
}
# Long terms, until now held against an applicant, are welcome; everybody else has to be a little better. The approval
# rate stays as it was, and about one decision in ten comes out differently.
CHANGED_RULE: Mapping[str, float] = {**USUAL_RULE, "constant": 2.15, "long": 0.35}

_PURPOSE_POINTS = {
    "small_business": -2.0,
    "business loan": -1.5,
    "medical bills": -1.0,
    "moving": -1.0,
    "other": -0.4,
    "home improvements": 0.8,
    "buy a car": 1.0,
}
_HOME_POINTS = {"home mortgage": 0.4, "own home": 0.1, "rent": -0.4}


def compute_odds(applicants: pd.DataFrame, rule: Mapping[str, float]) -> Floats:
    """Log odds of approval, one per applicant."""
    described = _describe(applicants)
    return np.asarray(described[list(rule)] @ pd.Series(rule), dtype=float)


def _describe(applicants: pd.DataFrame) -> pd.DataFrame:
    """The inputs of the rule: each is 0 for a typical applicant, and for a missing value."""
    income, debt = applicants["annual_income"], applicants["monthly_debt"]
    problems = applicants[["no_of_credit_problems", "bankruptcies", "tax_liens"]].sum(axis=1)
    known = pd.DataFrame(
        {
            "constant": 1.0,
            "score": ((applicants["credit_score"] - TYPICAL_SCORE) / 10).clip(-4, 1),
            "debt": np.log(debt / income / (TYPICAL_DEBT / TYPICAL_INCOME)).clip(-2, 2),
            "used": applicants["current_credit_balance"] / applicants["max_open_credit"] - 0.5,
            "history": np.log(applicants["years_of_credit_history"] / TYPICAL_HISTORY),
            "problems": problems.clip(upper=2),
            "properties": applicants["no_of_properties"] - 2,
            "purpose": applicants["purpose"].astype(object).map(_PURPOSE_POINTS),
            "home": applicants["home_ownership"].astype(object).map(_HOME_POINTS),
            "long": (applicants["term"] == LONG_TERM).astype(float),
            "amount": np.log(applicants["current_loan_amount"] / TYPICAL_AMOUNT),
        }
    )
    known = known.astype(float).fillna(0.0)
    return known.assign(
        **{
            "debt on long": known["debt"] * known["long"],
            "amount on short": known["amount"] * (1 - known["long"]),
            "amount on long": known["amount"] * known["long"],
            "score on used": known["score"] * known["used"],
        }
    )
