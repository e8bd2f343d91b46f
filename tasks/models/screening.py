"""Screening: the columns of a wide table that carry anything, by a quick fit on some of its rows.

A column that says nothing of the decision costs every tree as much as one that does. Where the matrix would have more
columns than the policy allows, a few small trees look at the columns as they are, and the models get those by which
the trees split most. A model must not owe its columns to the rows that it is judged by: of the folds, those with an
even number take the columns that were found on the rows of the odd ones, and the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats, Integers, Mask
from tasks.core.policy import TrainPolicy
from tasks.models.budget import draw_by_label
from tasks.models.derived_rows import list_inputs
from tasks.models.features import MOST_WORDS, build_derivation
from tasks.models.preprocess import Prepared
from tasks.models.scoring import assign_folds

SIDES = 2
TREES, LEAVES, BINS = 60, 8, 64
# At each split so large a share of the columns: a column that another one resembles gets its turn, too.
TRIED = 0.5
# The most frequent words keep a level of their own.
MOST_LEVELS = BINS - 4


@dataclass(frozen=True)
class Screened:
    """The features that models may use, derived ones among them: those of even folds, and those of odd ones."""

    sides: tuple[frozenset[str], frozenset[str]]

    @property
    def either(self) -> frozenset[str]:
        """The features of either side: what the matrix is made of."""
        return self.sides[0] | self.sides[1]


def choose_side(fold: int) -> int:
    """Which side a fold belongs to."""
    return fold % SIDES


def screen_columns(
    contract: Contract, training: Prepared, policy: TrainPolicy, count: int, *, marks_recent: bool
) -> Screened | None:
    """The features that each side's models may use; None where the matrix has no more columns than the policy allows.

    `count` is the number of folds.
    """
    if bound_width(contract, training.applications) <= policy.most_columns:
        return None
    features = build_derivation(contract).transform(training.applications)
    widths = measure_widths(contract, features)
    if sum(widths.values()) + marks_recent <= policy.most_columns:
        return None
    side_of = assign_folds(training.keys, count) % SIDES

    def screen(side: int) -> frozenset[str]:
        others = np.flatnonzero(side_of != side)
        drawn = others[draw_by_label(training.labels[others], training.keys[others], policy.screened_rows)]
        gains = measure_gains(contract, features.iloc[drawn], training.labels[drawn], policy.seed)
        return frozenset(choose_features(contract, gains, widths, policy.most_columns - marks_recent))

    found = Parallel(n_jobs=-1, backend="threading")(delayed(screen)(side) for side in range(SIDES))
    return Screened((found[0], found[1]))


def bound_width(contract: Contract, applications: pd.DataFrame) -> int:
    """No matrix of these applications has more columns; it takes no look at their values."""
    most = 2 * len(contract.derived)
    for column in contract.features:
        values = applications[column.name]
        is_one_hot = column.type == "category" and not column.ordered and column.encoding != "frequency"
        known = len(values.cat.categories) + 1 if isinstance(values.dtype, pd.CategoricalDtype) else MOST_WORDS
        most += min(known, MOST_WORDS) if is_one_hot else 2
    return most


def measure_widths(contract: Contract, features: pd.DataFrame) -> dict[str, int]:
    """How many columns of the matrix each feature makes; `features` are cleaned, as the first step leaves them."""
    kinds = {column.name: column for column in contract.features}
    widths = {}
    for name, values in features.items():
        column = kinds.get(str(name))
        if column is None or column.type == "number":
            widths[str(name)] = 1 + bool(values.isna().any())
        elif column.ordered:
            widths[str(name)] = 1 + bool((~values.isin(column.ordered)).any())
        elif column.encoding == "frequency":
            widths[str(name)] = 1
        else:
            widths[str(name)] = min(int(values.nunique(dropna=False)), MOST_WORDS)
    return widths


def measure_gains(contract: Contract, features: pd.DataFrame, labels: Floats, seed: int) -> dict[str, float]:
    """What each feature contributes to the splits of a few small trees; 0 for all where there is one label only."""
    gains = dict.fromkeys(map(str, features), 0.0)
    if len(np.unique(labels)) < 2:
        return gains
    names, matrix, is_category = _code(contract, features)
    quick = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        max_bins=BINS,
        max_features=TRIED,
        categorical_features=is_category,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(1, user_api="openmp"):
        quick.fit(matrix, labels.astype(int))
    for (tree,) in quick._predictors:
        inner = tree.nodes[tree.nodes["is_leaf"] == 0]
        for place, gain in zip(inner["feature_idx"].tolist(), inner["gain"].tolist(), strict=True):
            gains[names[place]] += gain
    return gains


def choose_features(contract: Contract, gains: dict[str, float], widths: dict[str, int], most: int) -> list[str]:
    """The features that contribute most for each column of the matrix that they make, and no more of these than `most`.

    What a derived feature is computed from comes with it. Where nothing contributes, the first ones are taken.
    """
    inputs = {one.name: list_inputs(one.model_dump()) for one in contract.derived}
    telling = [name for name in gains if gains[name] > 0] or list(gains)
    chosen: dict[str, int] = {}
    for name in sorted(telling, key=lambda name: -gains[name] / widths[name]):
        more = {one: widths[one] for one in (name, *inputs.get(name, ())) if one not in chosen}
        if sum(chosen.values()) + sum(more.values()) <= most:
            chosen |= more
    return list(chosen)


def _code(contract: Contract, features: pd.DataFrame) -> tuple[list[str], Floats, Mask]:
    """The features as one array of numbers, without those that have one value only; and which of them are words."""
    kinds = {column.name: column for column in contract.features}
    held: list[tuple[str, Floats, bool]] = []
    for name, values in features.items():
        column = kinds.get(str(name))
        if column is None or column.type == "number":
            held.append((str(name), np.asarray(values, dtype=np.float64), False))
        elif column.ordered:
            ranks = {word: float(rank) for rank, word in enumerate(column.ordered)}
            held.append((str(name), np.asarray(values.map(ranks), dtype=np.float64), False))
        else:
            held.append((str(name), _number_words(values), True))
    held = [one for one in held if len(np.unique(one[1])) > 1 and not np.isnan(one[1]).all()]
    held.sort(key=lambda one: not one[2])  # words first: scikit-learn would put them there, and number them so
    matrix = np.column_stack([values for _, values, _ in held]) if held else np.zeros((len(features), 1))
    names = [name for name, _, _ in held]
    return names, matrix, np.array([is_word for _, _, is_word in held] or [False])


def _number_words(values: pd.Series) -> Floats:
    """The words by how frequent they are, the rarest as one; NaN where one is missing."""
    codes: Integers = np.asarray(values.astype("category").cat.codes, dtype=np.int64)
    counts = np.bincount(codes[codes >= 0])
    ranks = np.empty(len(counts) + 1)
    ranks[np.argsort(-counts, kind="stable")] = np.minimum(np.arange(len(counts)), MOST_LEVELS)
    ranks[-1] = np.nan
    return np.asarray(ranks[codes])
