"""Population: what the AUC of a pair's model is where there are so many rows that chance has no part in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.changes import Change, Pair, is_approved
from benchmarks.pools import Pool, take
from benchmarks.scores import Folds

ROWS = 200_000
SCORE = "(score)"


def measure_population_auc(pair: Pair, change: Change, folds: Folds, random: np.random.Generator) -> float:
    """The AUC of a model on 200,000 rows of the pool under a change that only draws rows.

    Parameters
    ----------
    pair : Pair
        The pool, and the reference that the folds were fitted on.
    change : Change
        As it was applied to the pair's window.
    folds : Folds
        The models. An application of the reference keeps its out-of-fold score; each other one has that of one fold,
        drawn at random.
    random : Generator

    Returns
    -------
    float
        0 to 1.
    """
    scored = pair.pool.applications.assign(**{SCORE: _score_pool(pair.pool, pair.reference, folds, random)})
    drawn = take(scored, random.integers(len(scored), size=ROWS))
    changed = change(Pair(pair.pool, pair.reference, drawn, scored.head(0)), random).current
    return float(roc_auc_score(is_approved(changed), changed[SCORE]))


def _score_pool(pool: Pool, reference: pd.DataFrame, folds: Folds, random: np.random.Generator) -> pd.Series:
    """The score of every application of the pool by models that have not seen it."""
    unseen = pd.Series(folds.out_of_fold, index=reference["loan_id"])
    return (
        pool.applications["loan_id"]
        .map(unseen)
        .fillna(pd.Series(folds.score(pool.applications, random), index=pool.applications.index))
    )
