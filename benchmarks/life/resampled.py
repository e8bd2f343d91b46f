"""Resampled: a lender whose applicants are drawn from real applications.

Their decisions are drawn anew, from a model of the real ones: so the true probabilities are known, and months differ by
nothing but the scenario.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logit

from benchmarks.changes import fit_pool_rule, mirror_scores
from benchmarks.pools import Pool, draw_bootstrap, read_applications, split_pools
from benchmarks.scores import Rule
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.arrays import Floats
from tasks.demo.generator import DEMO_CONTRACT

# No probability of the model is nearer to 0 or 1.
_LEAST = 1e-4


class ResampledLender:
    """Applicants of one pool, with replacement and jittered; the changed rule holds good credit scores for bad.

    That is for home owners with a mortgage, as in the scenario `reversed effect` of `benchmarks.decisions`.
    """

    name = "resampled"

    def __init__(self, pool: Pool, contract: Contract) -> None:
        self.contract = contract
        self._pool = pool

    def draw(self, random: np.random.Generator, rows: int) -> pd.DataFrame:
        """Real applicants, as they are recorded."""
        drawn = draw_bootstrap(self._pool, rows, random)
        return drawn[[column.name for column in self.contract.features]]

    def find_odds(self, applicants: pd.DataFrame, is_rule_changed: bool) -> Floats:
        """By a model of the pool's decisions."""
        seen = mirror_scores(applicants, self._median) if is_rule_changed else applicants
        return np.asarray(logit(self._rule.score(seen).clip(_LEAST, 1 - _LEAST)))

    @cached_property
    def _rule(self) -> Rule:
        return fit_pool_rule(self._pool)

    @cached_property
    def _median(self) -> float:
        """Of the scores that are mirrored: one for all months, as the rule is one."""
        score, home = (self._pool.applications[name] for name in ("credit_score", "home_ownership"))
        return float(score[(home == "home mortgage") & (score <= 850)].median())


def read_lender(folder: Path) -> ResampledLender:
    """The lender of the larger pool of a folder's applications. Raises DataError where the folder holds none."""
    contract = load_contract(DEMO_CONTRACT)
    pools = split_pools(read_applications(folder, contract), contract)
    return ResampledLender(max(pools, key=len), contract)
