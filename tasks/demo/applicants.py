"""Applicants: random customers and loan requests. Months differ only by the story."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats

LONG_TERM = "long term"
TERMS = {"short term": 0.70, LONG_TERM: 0.30}
HOMES = {"home mortgage": 0.489, "rent": 0.416, "own home": 0.095}
PURPOSES = {
    "debt consolidation": 0.780,
    "other": 0.095,
    "home improvements": 0.057,
    "business loan": 0.017,
    "buy a car": 0.014,
    "medical bills": 0.013,
    "buy house": 0.007,
    "take a trip": 0.006,
    "major_purchase": 0.004,
    "small_business": 0.003,
    "moving": 0.002,
    "educational expenses": 0.001,
    "vacation": 0.001,
}
YEARS_IN_JOB = {
    "10+ years": 0.322,
    "2 years": 0.093,
    "< 1 year": 0.089,
    "3 years": 0.082,
    "5 years": 0.072,
    "1 year": 0.068,
    "6 years": 0.064,
    "4 years": 0.063,
    "7 years": 0.059,
    "8 years": 0.046,
    "9 years": 0.042,
}

# Shares of applications: no customer and credit record; of the records: neither income nor score; and so on.
NO_RECORD, NO_INCOME, NO_AMOUNT = 0.36, 0.24, 0.10
NO_JOB, NO_DELINQUENCY, NO_BANKRUPTCIES, NO_LIENS = 0.04, 0.56, 0.002, 0.0005

TYPICAL_AMOUNT, TYPICAL_INCOME, TYPICAL_DEBT, TYPICAL_SCORE, TYPICAL_HISTORY = 12_200.0, 61_500.0, 830.0, 739.0, 17.0


def sample_applicants(generator: np.random.Generator, rows: int) -> pd.DataFrame:
    """`rows` applicants: numbers in the contract's units, and categories; missing where the lender has no value.

    Amount, income, debt and balance are correlated, as among real applicants: they share one factor.
    """
    means = generator.standard_normal(rows)
    drawn = _sample_loans(generator, means) | _sample_customers(generator, means) | _sample_credit(generator, means)
    applicants = pd.DataFrame(drawn)
    record = applicants.columns[applicants.columns.get_loc("home_ownership") :]
    applicants.loc[generator.random(rows) < NO_RECORD, record] = None
    applicants.loc[generator.random(rows) < NO_INCOME, ["annual_income", "credit_score"]] = np.nan
    for column, share in {
        "current_loan_amount": NO_AMOUNT,
        "tax_liens": NO_LIENS,
        "years_in_current_job": NO_JOB,
        "months_since_last_delinquent": NO_DELINQUENCY,
        "bankruptcies": NO_BANKRUPTCIES,
    }.items():
        applicants.loc[generator.random(rows) < share, column] = None
    return applicants


def _sample_loans(generator: np.random.Generator, means: Floats) -> dict[str, object]:
    rows = len(means)
    return {
        "current_loan_amount": _sample_around(generator, TYPICAL_AMOUNT, 0.68, 0.45 * means).round(),
        "term": _sample_words(generator, TERMS, rows),
        "tax_liens": generator.poisson(0.03, rows).astype(float),
        "purpose": _sample_words(generator, PURPOSES, rows),
        "no_of_properties": generator.integers(0, 5, rows).astype(float),
    }


def _sample_customers(generator: np.random.Generator, means: Floats) -> dict[str, object]:
    rows = len(means)
    return {
        "home_ownership": _sample_words(generator, HOMES, rows),
        "annual_income": (TYPICAL_INCOME * np.exp(0.48 * means)).round(),
        "years_in_current_job": _sample_words(generator, YEARS_IN_JOB, rows),
        "months_since_last_delinquent": (82 * generator.beta(1.2, 1.6, rows)).round(),
        "no_of_cars": generator.integers(0, 6, rows).astype(float),
        "no_of_children": generator.integers(0, 4, rows).astype(float),
    }


def _sample_credit(generator: np.random.Generator, means: Floats) -> dict[str, object]:
    rows = len(means)
    # Most scores lie within some twenty points below the best; one applicant in eight has a long way up.
    is_poor = generator.random(rows) < 0.13
    below = np.where(is_poor, generator.gamma(2.0, 32.0, rows), generator.gamma(2.4, 5.0, rows))
    balance = _sample_around(generator, 11_000, 0.90, 0.45 * means)
    problems = generator.poisson(0.15, rows).astype(float)
    return {
        "credit_score": (751 - below).clip(585).round(),
        "monthly_debt": _sample_around(generator, TYPICAL_DEBT, 0.66, 0.55 * means).round(2),
        "years_of_credit_history": _sample_around(generator, TYPICAL_HISTORY, 0.40, 0.25 * means).clip(4, 70).round(),
        "no_of_open_accounts": _sample_around(generator, 10, 0.42, 0.30 * means).clip(2, 48).round(),
        "no_of_credit_problems": problems,
        "current_credit_balance": balance.round(),
        "max_open_credit": (balance / generator.beta(3.0, 3.0, rows).clip(0.05)).round(),
        "bankruptcies": np.minimum(problems, generator.poisson(0.9, rows)),
    }


def _sample_around(generator: np.random.Generator, typical: float, spread: float, shared: Floats) -> Floats:
    """Lognormal with the median `typical` and the log standard deviation `spread`; `shared` is its common part."""
    own = np.sqrt(1 - np.var(shared)) if len(shared) > 1 else 1.0
    return np.asarray(typical * np.exp(spread * (shared + own * generator.standard_normal(len(shared)))))


def _sample_words(generator: np.random.Generator, shares: dict[str, float], rows: int) -> pd.Categorical[str]:
    bounds = np.cumsum(list(shares.values()))
    codes = np.searchsorted(bounds, generator.random(rows) * bounds[-1], side="right")
    return pd.Categorical.from_codes(codes.astype(np.int8), categories=pd.Index(list(shares)))
