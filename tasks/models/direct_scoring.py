"""Direct scoring: what a model says of a few applications and of each with every column replaced, within a millisecond.

`tasks/models/scoring.py` scores frames and is the definition. What it does is laid out once, when a model is loaded,
and compared with it bit by bit on rows of the reference; a model that is laid out in no such way keeps the frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.pipeline import Pipeline

from tasks.core.arrays import Floats
from tasks.foreign.model import ForeignModel, Scorer
from tasks.models.estimators import LogOddsForest
from tasks.models.fitted_steps import UnknownStepError
from tasks.models.matrix_rows import MatrixRows, Values
from tasks.models.scoring import score
from tasks.models.stacked_forest import MOST_ROWS, StackedForest
from tasks.models.stacked_trees import Change, Fold, StackedTrees, stack_trees
from tasks.models.tree_tables import can_tabulate

Middles = Mapping[str, float | str | None]


class DirectScorer:
    """A model of ours as arrays. Raises UnknownStepError where it has another form."""

    def __init__(self, pipeline: Pipeline, middles: Middles, columns: tuple[str, ...]) -> None:
        self._rows = MatrixRows(pipeline[:-1], middles)
        if not set(columns) >= set(self._rows.changes):
            raise UnknownStepError("It was fitted on other columns than the contract's.")
        models = pipeline.named_steps["model"].calibrated_classifiers_
        changes = [self._rows.changes.get(name, {}) for name in columns]  # of a wide table it reads some only
        self._trees, self._most_rows = _stack([model.estimator for model in models], changes)
        calibrators = [model.calibrators[0] for model in models]
        if not all(hasattr(one, "a_") for one in calibrators):
            raise UnknownStepError("It is calibrated by another curve than a sigmoid.")
        self._slopes, self._levels = [one.a_ for one in calibrators], [one.b_ for one in calibrators]

    def is_number(self, column: str) -> bool:
        """Whether a column is given as numbers, and not as words."""
        return column in self._rows.numbers

    def is_fast(self, values: Mapping[str, Values]) -> bool:
        """Whether it is faster than frames for so many applications."""
        return self._most_rows is None or len(next(iter(values.values()))) <= self._most_rows

    def score(self, values: Mapping[str, Values]) -> Floats:
        """The probability of the positive label: first as the applications are, then with each column replaced.

        Columns and one more × applications.
        """
        log_odds = self._trees.add(self._rows.make(values))
        total = np.zeros(log_odds.shape[1:])
        for fold, slope, level in zip(log_odds, self._slopes, self._levels, strict=True):
            total += expit(-(slope * fold + level))
        return total / len(log_odds)


def _stack(classifiers: Sequence[Any], changes: Sequence[Change]) -> tuple[StackedTrees | StackedForest, int | None]:
    """The trees of all folds, and the number of applications up to which they are fast; None where there is no end."""
    if all(type(one) is LogOddsForest for one in classifiers):
        return StackedForest(classifiers, changes), MOST_ROWS
    folds = []
    for boosting in classifiers:
        trees = [tree for (tree,) in getattr(boosting, "_predictors", ())]
        if not trees or not can_tabulate(trees):
            raise UnknownStepError(f"{type(boosting).__name__} has no small trees.")
        folds.append(Fold(boosting._baseline_prediction.item(), trees))
    return stack_trees(folds, changes), None


def lay_out(model: Scorer, middles: Middles, sample: pd.DataFrame) -> DirectScorer:
    """The model as arrays, which give of the sample what the model does. Raises UnknownStepError."""
    if isinstance(model, ForeignModel):
        raise UnknownStepError("It is a model of the lender's own.")
    direct = DirectScorer(model, middles, tuple(sample.columns))
    words = sample.astype(object).where(sample.notna(), None)
    values: dict[str, Values] = {
        name: sample[name].to_numpy(np.float64) if direct.is_number(name) else words[name].tolist()
        for name in sample.columns
    }
    if not np.array_equal(direct.score(values), score_replaced(model, sample, middles)):
        raise UnknownStepError("As arrays it gives other numbers, which is a mistake of loanwatch's.")
    return direct


def score_replaced(model: Scorer, applications: pd.DataFrame, middles: Middles) -> Floats:
    """What `DirectScorer.score` gives, of any model, by frames; the columns are those of the frame."""
    variants = [applications.assign(**{name: middles[name]}) for name in applications.columns]
    scores = score(model, pd.concat([applications, *variants], ignore_index=True))
    return scores.reshape(len(variants) + 1, len(applications))
