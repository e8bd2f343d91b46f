"""Changes: what can happen to a window of loan applications, each a function of a pair and a random generator.

A change is applied to the current window and leaves its argument untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from benchmarks.pools import Pool, take
from benchmarks.scores import Rule, fit_rule
from tasks.core.arrays import Mask

APPROVED, REFUSED = "loan given", "loan refused"
SENTINEL = 99_999_999.0
CUSTOMER_COLUMNS = (
    "home_ownership",
    "annual_income",
    "years_in_current_job",
    "months_since_last_delinquent",
    "no_of_cars",
    "no_of_children",
    "credit_score",
    "monthly_debt",
    "years_of_credit_history",
    "no_of_open_accounts",
    "no_of_credit_problems",
    "current_credit_balance",
    "max_open_credit",
    "bankruptcies",
)


@dataclass(frozen=True)
class Pair:
    """Two windows of one pool: extracted applications, with their labels in the target column.

    `spare` are the pool's applications that are in neither window.
    """

    pool: Pool
    reference: pd.DataFrame
    current: pd.DataFrame
    spare: pd.DataFrame


Change = Callable[[Pair, np.random.Generator], Pair]


def keep(pair: Pair, random: np.random.Generator) -> Pair:
    """Nothing happens."""
    return pair


def change_both(first: Change, second: Change) -> Change:
    """One change after the other."""
    return lambda pair, random: second(first(pair, random), random)


def multiply(column: str, factor: float, share: float = 1.0) -> Change:
    """A column's values times a factor, in a random share of the rows; the sentinel is not a value."""

    def apply(pair: Pair, random: np.random.Generator) -> Pair:
        values = pair.current[column]
        chosen = _choose(len(values), share, random) & (values != SENTINEL)
        return _set(pair, column, values.mask(chosen, values * factor))

    return apply


def add(column: str, amount: float) -> Change:
    """The same amount on every value of a column."""
    return lambda pair, random: _set(pair, column, pair.current[column] + amount)


def replace_words(column: str, word: str, share: float) -> Change:
    """A random share of the rows gets another word."""

    def apply(pair: Pair, random: np.random.Generator) -> Pair:
        words = pair.current[column].astype(object)
        return _set(pair, column, words.mask(_choose(len(words), share, random), word).astype("category"))

    return apply


def remove_values(column: str, share: float) -> Change:
    """So many more of all rows lose their value."""

    def apply(pair: Pair, random: np.random.Generator) -> Pair:
        values = pair.current[column]
        present = np.flatnonzero(values.notna())
        lost = random.choice(present, min(len(present), round(share * len(values))), replace=False)
        return _set(pair, column, values.mask(np.isin(np.arange(len(values)), lost)))

    return apply


def permute(column: str) -> Change:
    """The values change places among the rows that have one: the column's distribution stays, its company does not."""

    def apply(pair: Pair, random: np.random.Generator) -> Pair:
        values = pair.current[column].copy()
        present = values.notna()
        values[present] = random.permutation(values[present].to_numpy())
        return _set(pair, column, values)

    return apply


def replace_sentinel(column: str) -> Change:
    """The sentinel becomes a draw from the other values."""

    def apply(pair: Pair, random: np.random.Generator) -> Pair:
        values = pair.current[column].copy()
        is_sentinel = values == SENTINEL
        values[is_sentinel] = random.choice(values[~is_sentinel].dropna().to_numpy(), int(is_sentinel.sum()))
        return _set(pair, column, values)

    return apply


def flip_labels(share: float) -> Change:
    """A random share of the decisions is inverted."""

    def apply(pair: Pair, random: np.random.Generator) -> Pair:
        approved = is_approved(pair.current) ^ _choose(len(pair.current), share, random)
        return replace(pair, current=_label(pair.current, approved))

    return apply


def resample_term(points: float) -> Change:
    """The rows drawn anew by kind, so that the share of long-term loans moves by so much."""
    return _resample(lambda window: (window["term"] == "long term").to_numpy(), points)


def resample_records(points: float) -> Change:
    """The rows drawn anew by kind, so that the share of applicants without a customer record moves by so much."""
    return _resample(lambda window: window[list(CUSTOMER_COLUMNS)].isna().all(axis=1).to_numpy(), points)


def resample_labels(points: float) -> Change:
    """The rows drawn anew by kind, so that the approval rate moves by so much."""
    return _resample(is_approved, points)


def reverse_effect(pair: Pair, random: np.random.Generator) -> Pair:
    """The labels of both windows drawn from one rule; in the current one good credit scores count as bad.

    For home owners with a mortgage, and scores up to 850, the rule is given the score mirrored about the median.
    """
    rule = fit_pool_rule(pair.pool)
    before = random.random(len(pair.reference)) < rule.score(pair.reference)
    now = random.random(len(pair.current)) < rule.score(mirror_scores(pair.current))
    return replace(pair, reference=_label(pair.reference, before), current=_label(pair.current, now))


def mirror_scores(window: pd.DataFrame, about: float | None = None) -> pd.DataFrame:
    """The credit scores of mortgage holders, up to 850, mirrored about a score: by default about their median."""
    score = window["credit_score"]
    reversed_rows = (window["home_ownership"] == "home mortgage") & (score <= 850)
    middle = float(score[reversed_rows].median()) if about is None else about
    return window.assign(credit_score=score.mask(reversed_rows, 2 * middle - score))


@lru_cache(maxsize=2)
def fit_pool_rule(pool: Pool) -> Rule:
    """The rule by which a pool's labels are drawn anew, fitted on the whole pool."""
    return fit_rule(pool.applications, is_approved(pool.applications), seed=0)


def is_approved(window: pd.DataFrame) -> Mask:
    """Which applications were approved."""
    return (window["loan_status"] == APPROVED).to_numpy()


def _resample(is_chosen: Callable[[pd.DataFrame], Mask], points: float) -> Change:
    """The share of a kind of row moves by exactly these points: other applications of the pool come in for some.

    No application is drawn twice before all of its kind are: a repeated row would count twice in every test.
    """

    def apply(pair: Pair, random: np.random.Generator) -> Pair:
        size, share = len(pair.current), float(is_chosen(pair.current).mean())
        wanted = round(min(max(share + points, 0.0), 1.0) * size)
        candidates = pd.concat([pair.current, pair.spare], ignore_index=True)
        chosen = is_chosen(candidates)
        if chosen.all() or not chosen.any():  # there is nothing to draw from
            return pair
        rows = [
            np.resize(random.permutation(np.flatnonzero(kind)), count)
            for kind, count in ((chosen, wanted), (~chosen, size - wanted))
        ]
        return replace(pair, current=take(candidates, random.permutation(np.concatenate(rows))))

    return apply


def _choose(rows: int, share: float, random: np.random.Generator) -> Mask:
    """A mask of exactly this share of the rows, at random."""
    mask = np.zeros(rows, dtype=bool)
    mask[random.permutation(rows)[: round(share * rows)]] = True
    return mask


def _set(pair: Pair, column: str, values: pd.Series) -> Pair:
    return replace(pair, current=pair.current.assign(**{column: values}))


def _label(window: pd.DataFrame, approved: Mask) -> pd.DataFrame:
    words = pd.Categorical.from_codes(approved.astype(np.int8), categories=[REFUSED, APPROVED])
    return window.assign(loan_status=words)
