"""Lender: whose life it is. It draws applicants, and its rule says how likely each is to be approved."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from benchmarks.changes import SENTINEL
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.arrays import Floats
from tasks.demo.applicants import sample_applicants
from tasks.demo.generator import DEMO_CONTRACT
from tasks.demo.rule import CHANGED_RULE, USUAL_RULE, compute_odds

_AMOUNT = "current_loan_amount"


class Lender(Protocol):
    """Who decides, about whom. `name` tells lenders apart."""

    name: str
    contract: Contract

    def draw(self, random: np.random.Generator, rows: int) -> pd.DataFrame:
        """So many applicants: the contract's features as they are recorded when nothing has changed."""

    def find_odds(self, applicants: pd.DataFrame, is_rule_changed: bool) -> Floats:
        """Each applicant's log odds of approval by the usual rule, or by the changed one."""


class DemoLender:
    """The demo's lender: its applicants, its rule, and the rule of its October."""

    name = "demo"

    def __init__(self) -> None:
        self.contract = load_contract(DEMO_CONTRACT)

    def draw(self, random: np.random.Generator, rows: int) -> pd.DataFrame:
        """Applicants of a quiet month; an amount that is not stated is the sentinel, as in the demo's tables."""
        applicants = sample_applicants(random, rows)
        return applicants.assign(**{_AMOUNT: applicants[_AMOUNT].fillna(SENTINEL)})

    def find_odds(self, applicants: pd.DataFrame, is_rule_changed: bool) -> Floats:
        """By the demo's rules."""
        stated = applicants.assign(**{_AMOUNT: applicants[_AMOUNT].mask(applicants[_AMOUNT] == SENTINEL)})
        return compute_odds(stated, CHANGED_RULE if is_rule_changed else USUAL_RULE)
