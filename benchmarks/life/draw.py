"""Draw: applicants as they are recorded, by what holds for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from benchmarks.life.lender import Lender
from benchmarks.life.scenarios import Regime
from tasks.core.arrays import Floats, Integers
from tasks.demo.applicants import LONG_TERM

_INCOME, _DEBT, _TERM = "annual_income", "monthly_debt", "term"


@dataclass(frozen=True, eq=False)
class Rows:
    """Applications as an extract returns them, and each one's true probability of approval."""

    frame: pd.DataFrame
    chances: Floats


@dataclass(frozen=True, eq=False)
class Effects:
    """What the day of each row adds: to the log odds, to the log of the income, to the log odds of a long term."""

    approval: Floats
    income: Floats
    mix: Floats


@dataclass(frozen=True, eq=False)
class Held:
    """What holds for each row."""

    income: Floats
    written_debt: Floats
    is_rule_changed: Floats


def hold_by_day(regimes: Sequence[Regime], places: Integers) -> Held:
    """What holds for each row, by the regimes of the days and the place of each row's day among them."""
    table = np.array([[each.income, each.written_debt, each.is_rule_changed] for each in regimes], dtype=float)
    return Held(*table[places].T)


def hold_alike(regime: Regime, rows: int) -> Held:
    """The same for every row."""
    return hold_by_day([regime], np.zeros(rows, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Draw:
    """Applicants, and what holds for each; `effects` are those of their days."""

    applicants: pd.DataFrame
    regimes: Held
    effects: Effects | None = None

    def write(self, lender: Lender, times: np.ndarray, random: np.random.Generator, name: str = "fresh") -> Rows:
        """The applications as they are recorded, and their true probabilities."""
        contract, rows = lender.contract, len(self.applicants)
        chance_of_mix, chance_of_label = random.random((2, rows))
        true = self._change_values(chance_of_mix)
        usual, changed = (lender.find_odds(true, is_changed) for is_changed in (False, True))
        odds = np.where(self.regimes.is_rule_changed == 1, changed, usual)
        chances = expit(odds if self.effects is None else odds + self.effects.approval)
        names = pd.array([f"{name}-{row}" for row in range(rows)], dtype="str")
        recorded = true.assign(**{_DEBT: true[_DEBT] * self.regimes.written_debt})
        recorded[contract.target.name] = np.where(chance_of_label < chances, contract.positive, contract.negative)
        recorded[contract.id.name], recorded[contract.time.name] = names, times.astype("datetime64[ns]")
        if contract.customer is not None:
            recorded[contract.customer.name] = names
        frame = recorded[[column.name for column in contract.columns]]
        return Rows(frame.astype(dict.fromkeys(list_words(lender), object)), chances)

    def _change_values(self, chance: Floats) -> pd.DataFrame:
        income = self.applicants[_INCOME] * self.regimes.income
        if self.effects is None:
            return self.applicants.assign(**{_INCOME: income.round()})
        is_long = (self.applicants[_TERM] == LONG_TERM).to_numpy()
        usual = float(is_long.mean())
        wanted = expit(logit(usual) + self.effects.mix)
        # So few rows change that the day's share is the wanted one.
        becomes_long = ~is_long & (chance < (wanted - usual) / (1 - usual))
        becomes_short = is_long & (chance < (usual - wanted) / usual)
        terms = self.applicants[_TERM].astype(object)
        other = next(word for word in terms.dropna().unique() if word != LONG_TERM)
        terms = terms.mask(becomes_long & terms.notna().to_numpy(), LONG_TERM).mask(becomes_short, other)
        return self.applicants.assign(**{_INCOME: (income * np.exp(self.effects.income)).round(), _TERM: terms})


def list_words(lender: Lender) -> list[str]:
    """The contract's categories."""
    return [column.name for column in lender.contract.columns if column.type == "category"]
