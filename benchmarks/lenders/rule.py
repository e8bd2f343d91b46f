"""Rule: the probability of the positive value, a function of the columns that an application shows.

A smooth rule is logistic in the normal scores of its numbers and in an effect of each word; a jagged one adds steps,
boxes and small trees of these. Both are scaled until the share of the positive value and the rule's own AUC, which no
model can exceed, are those that were drawn. The effects of words are not scaled, and no step is higher than three log
odds: a value that decides alone could not be told from a leak.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtri

from tasks.core.arrays import Floats, Mask

Read = Callable[[pd.Series], Floats]
Term = Callable[[pd.DataFrame], Floats]
_STEPS = 40
_WORD_EFFECT = 0.6
# The deviation of the log odds that come from the scaled terms, and the highest step between two percentiles of one.
_LEAST_SPREAD, _MOST_SPREAD = 0.05, 30.0
_HIGHEST_STEP = 3.0


@dataclass(frozen=True, eq=False)
class Rule:
    """The log odds are `intercept` plus the sum of the terms times their weights; `columns` names each term's columns.

    `is_fixed` are the terms that are not scaled. `rate` and `area` are what the others were scaled to: the share of
    the positive value, and the AUC.
    """

    terms: tuple[Term, ...]
    columns: tuple[tuple[str, ...], ...]
    weights: Floats
    is_fixed: Mask
    intercept: float
    rate: float
    area: float
    is_smooth: bool

    def measure_terms(self, frame: pd.DataFrame) -> Floats:
        """What each term adds to the log odds: row by term."""
        return np.column_stack([term(frame) for term in self.terms]) * self.weights


def make_reader(values: pd.Series, special: Sequence[float], missing: float, random: np.random.Generator) -> Read:
    """How a rule reads a column: the normal score of a number among those of a pilot, an effect of each word.

    `missing` is what it reads where there is no value, or one that stands for something else.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        effects = random.normal(0, _WORD_EFFECT, len(values.cat.categories)).clip(-2 * _WORD_EFFECT, 2 * _WORD_EFFECT)
        by_word = dict(zip(values.cat.categories, effects, strict=True))

        def read_words(column: pd.Series) -> Floats:
            by_code = np.array([*(by_word.get(word, 0.0) for word in column.cat.categories), missing])
            return np.asarray(by_code[column.cat.codes.to_numpy()])

        return read_words
    numbers = values.to_numpy(float)
    numbers = np.sort(numbers[np.isfinite(numbers) & ~np.isin(numbers, special)])
    if not len(numbers):
        return lambda column: np.full(len(column), missing)
    held, first, counts = np.unique(numbers, return_index=True, return_counts=True)
    scores = ndtri((first + counts / 2) / len(numbers))

    def read_numbers(column: pd.Series) -> Floats:
        given = column.to_numpy(float)
        is_absent = ~np.isfinite(given) | np.isin(given, special)
        return np.where(is_absent, missing, np.interp(given, held, scores))

    return read_numbers


def scale_rule(rule: Rule, pilot: pd.DataFrame, noise: Floats) -> Rule:
    """The rule whose terms are scaled so that `rate` and `area` hold on the pilot; `noise` is added to the log odds.

    Where the columns of the rule cannot rank so well, or no worse, `area` becomes what they can.
    """
    values = rule.measure_terms(pilot)
    scaled, fixed = values[:, ~rule.is_fixed].sum(axis=1), values[:, rule.is_fixed].sum(axis=1)
    spread = float(scaled.std()) or 1.0
    steps = np.diff(np.quantile(values[:, ~rule.is_fixed], np.linspace(0.01, 0.99, 99), axis=0), axis=0)
    most = min(_MOST_SPREAD, _HIGHEST_STEP * spread / max(float(steps.max(initial=0.0)), 1e-9))
    low, high = np.log(_LEAST_SPREAD), np.log(most)
    for _ in range(_STEPS):
        factor = float(np.exp((low + high) / 2)) / spread
        odds = factor * scaled + fixed
        intercept = find_intercept(odds + noise, rule.rate)
        area = expect_area(odds, expit(odds + noise + intercept))
        low, high = ((low + high) / 2, high) if area < rule.area else (low, (low + high) / 2)
    weights = np.where(rule.is_fixed, rule.weights, factor * rule.weights)
    return replace(rule, weights=weights, intercept=intercept, area=round(area, 4))


def find_intercept(odds: Floats, rate: float) -> float:
    """What must be added to the log odds so that the mean probability is the rate."""
    low, high = (float(logit(rate) - end) for end in (odds.max(), odds.min()))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(odds + middle).mean() < rate else (low, middle)
    return middle


def expect_area(scores: Floats, chances: Floats) -> float:
    """The AUC to be expected of scores where the outcomes have these chances; ties count half."""
    _, place = np.unique(scores, return_inverse=True)
    positive, negative = (np.bincount(place, weights=each) for each in (chances, 1 - chances))
    below = np.cumsum(negative) - negative / 2
    return float((positive * below).sum() / (positive.sum() * negative.sum()))
