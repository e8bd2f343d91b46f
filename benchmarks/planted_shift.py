"""Planted shifts: applicants and a rule of the demo lender changed by hand, with the true part of each change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

from tasks.bank.attribution import Decided
from tasks.contract.load import load_contract
from tasks.core.arrays import Floats
from tasks.core.scored_window import ScoredWindow
from tasks.demo.applicants import LONG_TERM, sample_applicants
from tasks.demo.generator import DEMO_CONTRACT
from tasks.demo.rule import CHANGED_RULE, USUAL_RULE, compute_odds
from tasks.profile.profile import Profile, fit_profile
from tasks.statistics.auc import expect_auc

Random = np.random.Generator
Rule = Mapping[str, float]

TRUTH_ROWS, MODEL_ROWS = 100_000, 20_000
STRICTER: Rule = {**USUAL_RULE, "constant": USUAL_RULE["constant"] - 0.6}
WEAKER: Rule = {name: weight * (0.6 if name == "constant" else 0.5) for name, weight in USUAL_RULE.items()}


@dataclass(frozen=True)
class Shift:
    """A planted change: applicants drawn with weights exp(strength · z) by a column's z, and another rule.

    `hidden` are columns that the monitored model does not use.
    """

    name: str
    column: str
    strength: float
    rule: Rule
    hidden: tuple[str, ...] = ()


HIDDEN = ("term", "monthly_debt")
SHIFTS = (
    Shift("more long terms", "term", 1.2, USUAL_RULE),
    Shift("more long terms, which the model does not use", "term", 1.2, USUAL_RULE, HIDDEN),
    Shift("lower credit scores", "credit_score", -0.8, USUAL_RULE),
    Shift("higher debts, which the model does not use", "monthly_debt", 0.8, USUAL_RULE, HIDDEN),
    Shift("a stricter rule", "", 0.0, STRICTER),
    Shift("another rule", "", 0.0, CHANGED_RULE),
    Shift("lower incomes and a stricter rule", "annual_income", -0.8, STRICTER),
    Shift("higher debts and another rule", "monthly_debt", 0.8, CHANGED_RULE),
    Shift("higher credit scores and a weaker rule", "credit_score", 0.8, WEAKER),
)


@dataclass(frozen=True)
class Truth:
    """The true parts: of the positive rate and of the AUC, what applicants and what the rule change."""

    rate_mix: float
    rate_rule: float
    auc_mix: float
    auc_rule: float

    def as_array(self) -> Floats:
        """The four numbers."""
        return np.array([self.rate_mix, self.rate_rule, self.auc_mix, self.auc_rule])


@dataclass(frozen=True, eq=False)
class Drawn:
    """One reference and one window of a shift."""

    profile: Profile
    reference: Decided
    window: Decided


Score = Callable[[pd.DataFrame], Floats]


def fit_model(hidden: tuple[str, ...]) -> Score:
    """A model of the usual rule that does not use some columns, fitted on applications of its own."""
    random = np.random.default_rng(99)
    applicants = sample_applicants(random, MODEL_ROWS)
    labels = random.random(MODEL_ROWS) < expit(compute_odds(applicants, USUAL_RULE))
    names = [column.name for column in load_contract(DEMO_CONTRACT).features if column.name in applicants]
    kept = [name for name in names if name not in hidden]
    words = {name: applicants[name].astype(object).dropna().unique() for name in kept if _is_text(applicants[name])}

    def read(frame: pd.DataFrame) -> pd.DataFrame:
        columns = {
            name: pd.Categorical(frame[name].astype(object), words[name]).codes if name in words else frame[name]
            for name in kept
        }
        return pd.DataFrame(columns, index=frame.index).astype(float)

    model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, random_state=0)
    model.fit(read(applicants), labels)
    return lambda frame: np.asarray(model.predict_proba(read(frame))[:, 1])


def _is_text(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column)


def draw_applicants(shift: Shift, random: Random, rows: int) -> pd.DataFrame:
    """Applicants of the shift's window."""
    if not shift.strength:
        return sample_applicants(random, rows)
    many = sample_applicants(random, 6 * rows)
    weights = np.exp(np.clip(shift.strength * _standardise(many[shift.column]), -6, 3))
    drawn = random.choice(len(many), rows, replace=False, p=weights / weights.sum())
    return many.iloc[drawn].reset_index(drop=True)


def _standardise(column: pd.Series) -> Floats:
    """The number of standard deviations from the mean, of skewed numbers after a logarithm; 0 or 1 for the term."""
    if _is_text(column):
        return (column == LONG_TERM).to_numpy(float)
    numbers = column.fillna(column.median()).to_numpy(float)
    numbers = np.log(numbers) if numbers.mean() > 1.05 * np.median(numbers) else numbers
    return np.asarray((numbers - numbers.mean()) / numbers.std())


def find_truth(shift: Shift, score: Score) -> Truth:
    """The true parts, by the chances of very many applicants."""
    usual = sample_applicants(np.random.default_rng(7), TRUTH_ROWS)
    shifted = draw_applicants(shift, np.random.default_rng(8), TRUTH_ROWS) if shift.strength else usual
    before, same, now = (
        expit(compute_odds(frame, rule))
        for frame, rule in ((usual, USUAL_RULE), (shifted, USUAL_RULE), (shifted, shift.rule))
    )
    old, new = score(usual), score(shifted)
    areas = expect_auc(before, old), expect_auc(same, new), expect_auc(now, new)
    return Truth(
        float(same.mean() - before.mean()), float(now.mean() - same.mean()), areas[1] - areas[0], areas[2] - areas[1]
    )


def draw_shift(shift: Shift, score: Score, seed: int, rows: int) -> Drawn:
    """A reference of the usual applicants and rule, and a window of the shift."""
    random = np.random.default_rng([seed, 21])
    before, now = sample_applicants(random, rows), draw_applicants(shift, random, rows)
    old = (random.random(rows) < expit(compute_odds(before, USUAL_RULE))).astype(float)
    new = (random.random(rows) < expit(compute_odds(now, shift.rule))).astype(float)
    contract = load_contract(DEMO_CONTRACT)
    profile = fit_profile(contract, ScoredWindow(before, old, score(before)), origin="holdout", seed=0)
    reference = Decided(profile.codes, profile.labels, profile.scores)
    return Drawn(profile, reference, Decided(profile.encode(now), new, score(now)))
