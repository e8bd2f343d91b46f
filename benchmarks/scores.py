"""Scores: a quick model that stands for the deployed one, so that a pair costs a fraction of a second.

scikit-learn's histogram gradient boosting on the contract's columns, words as whole numbers. The reference is scored
out of fold (3 folds) and each row of the current window by one fold's model, drawn at random: both windows are
treated alike, and no row is scored by a model that has seen it. At most 10,000 rows of the reference are fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from tasks.core.arrays import Floats, Integers, Mask

FOLDS = 3
MAXIMUM_FITTED_ROWS = 10_000


@dataclass(frozen=True)
class Encoder:
    """Features as a matrix of floats: numbers as they are, words as their place among the reference's words."""

    numbers: tuple[str, ...]
    words: dict[str, pd.Index]

    def encode(self, applications: pd.DataFrame) -> Floats:
        """Rows by features; a missing number and a word that the reference did not have are NaN."""
        columns = [applications[name].to_numpy(float) for name in self.numbers]
        for name, known in self.words.items():
            codes = pd.Categorical(applications[name], categories=known).codes.astype(float)
            columns.append(np.where(codes < 0, np.nan, codes))
        return np.column_stack(columns)


@dataclass(frozen=True)
class Rule:
    """A fitted model with its encoding."""

    encoder: Encoder
    model: HistGradientBoostingClassifier

    def score(self, applications: pd.DataFrame) -> Floats:
        """The probability of approval, one for each row."""
        return self.score_encoded(self.encoder.encode(applications))

    def score_encoded(self, features: Floats) -> Floats:
        """The same, of features that are encoded already."""
        return np.asarray(self.model.predict_proba(features)[:, 1], dtype=float)


def fit_encoder(applications: pd.DataFrame) -> Encoder:
    """Learn the words of the category columns; the target is no feature."""
    words = applications.select_dtypes("category").drop(columns="loan_status")
    numbers = tuple(applications.select_dtypes("number").columns)
    return Encoder(numbers, {name: words[name].cat.categories for name in words.columns})


def fit_rule(applications: pd.DataFrame, labels: Mask, seed: int) -> Rule:
    """The model fitted on all rows."""
    encoder = fit_encoder(applications)
    return Rule(encoder, _fit(encoder.encode(applications), labels, seed))


@dataclass(frozen=True)
class Folds:
    """One model for each fold, and the out-of-fold scores of the rows that they were fitted on."""

    encoder: Encoder
    models: tuple[Rule, ...]
    out_of_fold: Floats

    def score(self, applications: pd.DataFrame, random: np.random.Generator) -> Floats:
        """Each row scored by one fold's model, drawn at random."""
        return _score_by(self.models, self.encoder.encode(applications), random.integers(FOLDS, size=len(applications)))


def cross_fit(applications: pd.DataFrame, labels: Mask, random: np.random.Generator) -> Folds:
    """Fit one model on the rows outside each fold and score the rows of the fold with it.

    Rows beyond the 10,000 that are fitted on are outside every model, so that any fold's model may score them.
    """
    encoder = fit_encoder(applications)
    features = encoder.encode(applications)
    fold = random.integers(FOLDS, size=len(applications))
    fitted = np.zeros(len(applications), dtype=bool)
    fitted[random.permutation(len(applications))[:MAXIMUM_FITTED_ROWS]] = True
    models = []
    for number in range(FOLDS):
        rows = fitted & (fold != number)
        models.append(Rule(encoder, _fit(features[rows], labels[rows], number)))
    return Folds(encoder, tuple(models), _score_by(tuple(models), features, fold))


def _score_by(models: tuple[Rule, ...], features: Floats, fold: Integers) -> Floats:
    scores = np.empty(len(features))
    for number, model in enumerate(models):
        scores[fold == number] = model.score_encoded(features[fold == number])
    return scores


def _fit(features: Floats, labels: Mask, seed: int) -> HistGradientBoostingClassifier:
    model = HistGradientBoostingClassifier(
        max_iter=40, learning_rate=0.15, max_leaf_nodes=8, min_samples_leaf=20, early_stopping=False, random_state=seed
    )
    return model.fit(features, labels)
