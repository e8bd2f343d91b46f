"""The demo's source tables: synthetic loan applications with realistic faults, and the events of story.py."""

from __future__ import annotations

import numpy as np
import pandas as pd

from blocks.errors import UsageError
from tasks.contract.load import load_contract
from tasks.demo.applicants import sample_applicants
from tasks.demo.dirt import (
    AMOUNT_NOT_STATED,
    BROKEN_CREDIT,
    HAVE_MORTGAGE,
    replace_some,
    sample_ids,
    sample_times,
    write_categories,
    write_cents,
    write_numbers,
    write_times,
)
from tasks.demo.rule import CHANGED_RULE, USUAL_RULE, compute_odds
from tasks.demo.story import STORY, Month

Tables = dict[str, pd.DataFrame]

DEMO_CONTRACT = "loan_applications"
# Shares of rows: loans loaded twice; loans with an earlier version; customers with a duplicate record, and customers
# with two conflicting records.
REPEATED_LOANS, EARLIER_VERSIONS, REPEATED_CUSTOMERS, CONFLICTING_CUSTOMERS = 0.02, 0.005, 0.01, 0.002


def make_applications(seed: int = 2024, months: int = 12, per_month: int = 2_000) -> Tables:
    """The first `months` months of 2024 as the three source tables, every value as text or None.

    `per_month` different loans a month, plus the repeats. The columns are in the order of the contract's sources. The
    same arguments give the same tables, and a month does not depend on the number of months.
    Raises UsageError for a number of months that the story does not have, or months without rows.
    """
    if not 1 <= months <= len(STORY):
        raise UsageError(f"The demo has 1 to {len(STORY)} months, not {months}.")
    if per_month < 1:
        raise UsageError(f"A month of the demo needs at least one application, not {per_month}.")
    made = [
        make_month(np.random.default_rng([seed, number]), month, per_month)
        for number, month in enumerate(STORY[:months])
    ]
    return {
        source.table: pd.concat([tables[source.table] for tables in made], ignore_index=True)[list(source.columns)]
        for source in load_contract(DEMO_CONTRACT).sources
    }


def make_month(generator: np.random.Generator, month: Month, rows: int) -> Tables:
    """One month of so many loans as the three source tables, with the events of its story."""
    applicants = sample_applicants(generator, rows)
    applicants["annual_income"] = (applicants["annual_income"] * month.income_factor).round()
    applicants["current_loan_amount"] = (applicants["current_loan_amount"] * month.amount_factor).round()
    odds = compute_odds(applicants, CHANGED_RULE if month.is_rule_changed else USUAL_RULE)
    is_given = generator.random(rows) < 1 / (1 + np.exp(-odds))
    applicants["loan_status"] = pd.Categorical.from_codes(
        is_given.astype(int), pd.Index(["loan refused", "loan given"])
    )
    applicants["monthly_debt"] *= month.written_debt_factor
    applicants["loan_id"], applicants["customer_id"] = sample_ids(generator, rows), sample_ids(generator, rows)
    recorded = applicants[applicants["home_ownership"].notna()]
    return {
        "loan_details": _write_loans(generator, month, applicants),
        "customer_details": _write_customers(generator, recorded),
        "credit_details": _write_credit(generator, recorded),
    }


def _write_loans(generator: np.random.Generator, month: Month, applicants: pd.DataFrame) -> pd.DataFrame:
    amounts = write_numbers(applicants["current_loan_amount"])
    days, minutes = sample_times(generator, month.first_day, len(applicants))
    loans = pd.DataFrame(
        {
            "loan_id": applicants["loan_id"],
            "customer_id": applicants["customer_id"],
            "loan_status": write_categories(generator, applicants["loan_status"]),
            "application_time": write_times(month.first_day, days, minutes),
            "current_loan_amount": np.where(pd.isna(amounts), AMOUNT_NOT_STATED, amounts),
            "term": write_categories(generator, applicants["term"]),
            "tax_liens": write_numbers(applicants["tax_liens"]),
            "purpose": write_categories(generator, applicants["purpose"]),
            "no_of_properties": write_numbers(applicants["no_of_properties"]),
        }
    )
    # An earlier version was written on an earlier day of the month, before there was a decision.
    revised = np.flatnonzero((generator.random(len(loans)) < EARLIER_VERSIONS) & (days > 0))
    earlier_days = generator.integers(0, days[revised])
    earlier = loans.iloc[revised].assign(
        loan_status=None,
        application_time=write_times(month.first_day, earlier_days, minutes[revised]),
        no_of_properties=None,
    )
    repeats = loans[generator.random(len(loans)) < REPEATED_LOANS]
    order = np.lexsort((minutes, days))
    versions: pd.DataFrame = pd.concat([earlier, loans.iloc[order], repeats])
    return versions


def _write_customers(generator: np.random.Generator, recorded: pd.DataFrame) -> pd.DataFrame:
    homes = write_categories(generator, recorded["home_ownership"])
    is_mortgaged = (recorded["home_ownership"] == "home mortgage").to_numpy()
    homes[is_mortgaged] = replace_some(generator, homes[is_mortgaged], "HaveMortgage", HAVE_MORTGAGE)
    customers = pd.DataFrame(
        {
            "customer_id": recorded["customer_id"],
            "home_ownership": homes,
            "annual_income": write_numbers(recorded["annual_income"]),
            "years_in_current_job": write_categories(generator, recorded["years_in_current_job"]),
            "months_since_last_delinquent": write_numbers(recorded["months_since_last_delinquent"]),
            "no_of_cars": write_numbers(recorded["no_of_cars"]),
            "no_of_children": write_numbers(recorded["no_of_children"]),
        }
    )
    other_home = np.where(is_mortgaged, "rent", "home mortgage")
    contradicted = generator.random(len(customers)) < CONFLICTING_CUSTOMERS
    conflicting = customers[contradicted].assign(home_ownership=other_home[contradicted])
    return pd.concat([customers, conflicting, _repeat(generator, customers)])


def _write_credit(generator: np.random.Generator, recorded: pd.DataFrame) -> pd.DataFrame:
    credit_limits = write_numbers(recorded["max_open_credit"])
    counted = ("credit_score", "years_of_credit_history", "no_of_open_accounts", "no_of_credit_problems")
    credit = pd.DataFrame(
        {
            "customer_id": recorded["customer_id"],
            **{name: write_numbers(recorded[name]) for name in (*counted, "current_credit_balance", "bankruptcies")},
            "monthly_debt": write_cents(generator, recorded["monthly_debt"]),
            "max_open_credit": replace_some(generator, credit_limits, "#VALUE!", BROKEN_CREDIT),
        }
    )
    return pd.concat([credit, _repeat(generator, credit)])


def _repeat(generator: np.random.Generator, records: pd.DataFrame) -> pd.DataFrame:
    return records[generator.random(len(records)) < REPEATED_CUSTOMERS]
