"""Daily lender: applications day by day, of a lender in which nothing lasting changes but days may differ.

Applicants and decisions are the demo's; each day moves its approvals, its incomes and its share of long terms by random
amounts of its own. Weekdays may differ for good.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.changes import APPROVED, REFUSED
from benchmarks.scores import Folds, cross_fit
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.arrays import Days, Floats, Mask
from tasks.core.scored_window import ScoredWindow
from tasks.demo.applicants import LONG_TERM, NO_RECORD, TERMS, sample_applicants
from tasks.demo.rule import USUAL_RULE, compute_odds
from tasks.profile.profile import Profile, fit_profile

CONTRACT: Contract = load_contract("loan_applications")
FIRST_DAY = np.datetime64("2023-01-02")  # a Monday
REFERENCE_DAYS = 180
SPARE = 1.6  # applicants drawn for each one that applies


@dataclass(frozen=True)
class Effects:
    """How much days differ: the standard deviations of their own effects.

    `approval` and `mix` (of long terms, and of applicants with a record) are log odds, `income` is a log factor.
    `weekend` is what Saturdays and Sundays add to the odds of approval and of a long term.
    """

    approval: float = 0.0
    income: float = 0.0
    mix: float = 0.0
    weekend: float = 0.0


NO_EFFECTS = Effects()
DAY_EFFECTS = Effects(approval=0.3, income=0.075, mix=0.2)


@dataclass(frozen=True, eq=False)
class Applications:
    """Applications with their days; the decision is in the target column."""

    frame: pd.DataFrame
    days: Days

    def take(self, rows: Mask) -> Applications:
        """Those of some rows."""
        return Applications(self.frame.loc[rows].reset_index(drop=True), self.days[rows])

    @property
    def labels(self) -> Floats:
        """1 where the loan was given, else 0."""
        return (self.frame["loan_status"] == APPROVED).to_numpy(np.float64)


def draw_days(
    days: int, per_day: int, effects: Effects, random: np.random.Generator, first: np.datetime64 = FIRST_DAY
) -> Applications:
    """So many days with about `per_day` applications each (Poisson)."""
    own = random.standard_normal((3, days))
    weekend = effects.weekend * np.isin((first + np.arange(days)).astype("datetime64[D]").astype(int) % 7, (2, 3))
    day = np.repeat(np.arange(days), random.poisson(SPARE * per_day, days))
    frame = sample_applicants(random, len(day))
    leaning = np.exp(effects.mix * own[2, day] * (frame["home_ownership"].notna() - (1 - NO_RECORD)).to_numpy(float))
    applies = random.random(len(day)) < leaning / SPARE
    frame, day = frame.loc[applies].reset_index(drop=True), day[applies]
    frame["annual_income"] = (frame["annual_income"] * np.exp(effects.income * own[1])[day]).round()
    usual = np.log(TERMS[LONG_TERM] / (1 - TERMS[LONG_TERM]))
    chance = 1 / (1 + np.exp(-(usual + effects.mix * own[2] + weekend)[day]))
    frame["term"] = pd.Categorical.from_codes(
        (random.random(len(day)) < chance).astype(np.int8), categories=pd.Index(list(TERMS))
    )
    odds = compute_odds(frame, USUAL_RULE) + (effects.approval * own[0] + weekend)[day]
    given = random.random(len(day)) < 1 / (1 + np.exp(-odds))
    frame["loan_status"] = pd.Categorical.from_codes(given.astype(np.int8), categories=[REFUSED, APPROVED])
    return Applications(frame, first + day)


@dataclass(frozen=True, eq=False)
class Lender:
    """A lender whose champion was fitted on its first days."""

    profile: Profile
    folds: Folds

    def observe(self, window: Applications, random: np.random.Generator) -> ScoredWindow:
        """A later window with its scores."""
        scores = self.folds.score(window.frame, random)
        return ScoredWindow(window.frame, window.labels, scores, days=window.days)


def open_lender(reference: Applications, random: np.random.Generator) -> Lender:
    """Fit the quick model on the reference, and its profile."""
    folds = cross_fit(reference.frame, reference.labels == 1, random)
    scored = ScoredWindow(reference.frame, reference.labels, folds.out_of_fold, days=reference.days)
    return Lender(fit_profile(CONTRACT, scored, origin="out_of_fold", seed=0), folds)
