"""Judging: both models on test days that neither has seen, as a whole and by segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tasks.contract.contract import Contract
from tasks.core.arrays import Floats
from tasks.core.policy import PromotionPolicy
from tasks.evaluation.performance import measure_performance
from tasks.evaluation.segments import compare_segments, cut_segments
from tasks.evaluation.training_metrics import leave_out
from tasks.foreign.model import ForeignModel, Scorer
from tasks.models.candidates import Training
from tasks.models.preprocess import Prepared
from tasks.models.scoring import score
from tasks.promotion.both_cut_offs import BOTH_EVEN, CHALLENGER, CHAMPION
from tasks.promotion.compare import Comparison, measure_difference
from tasks.registry.known_customers import Customers, hash_customers
from tasks.statistics.clusters import find_clusters


@dataclass(frozen=True)
class TestRows:
    """The test rows of customers that neither model was fitted on, how many were left out, and both models' scores.

    `unscored` more have no score of the lender's own model. `thresholds` are the probabilities from which the models'
    decisions are positive.
    """

    rows: Prepared
    left_out: int
    scores: dict[str, Floats]
    thresholds: Mapping[str, float]
    unscored: int = 0


def judge(
    training: Training, champion: Scorer, known: Customers, thresholds: Mapping[str, float] = BOTH_EVEN
) -> TestRows:
    """Both models' scores of the test rows; `known` are the customers that the champion was fitted on.

    Rows without a score of the lender's own model are left out for both.
    """
    rows, left_out = leave_out(training.split.test, hash_customers(training.fitted_on.keys), known)
    unscored = 0
    if isinstance(champion, ForeignModel):
        is_scored = ~np.isnan(score(champion, rows.applications))
        rows, unscored = rows.take(is_scored), int((~is_scored).sum())
    models: dict[str, Scorer] = {CHALLENGER: training.chosen.pipeline, CHAMPION: champion}
    scores = {name: score(model, rows.applications) for name, model in models.items()}
    return TestRows(rows, left_out, scores, thresholds, unscored)


def measure_comparison(contract: Contract, policy: PromotionPolicy, training: Training, judged: TestRows) -> Comparison:
    """Both models on the test days, as a whole and by segment."""
    labels, thresholds = judged.rows.labels, judged.thresholds
    challenger, champion = judged.scores[CHALLENGER], judged.scores[CHAMPION]
    fitted = training.fitted_on
    measured = measure_difference(labels, challenger, champion, policy.confidence, find_clusters(judged.rows.keys))
    segments = cut_segments(contract, judged.rows.applications, judged.rows.keys)
    return Comparison(
        challenger=measure_performance(labels, challenger, thresholds[CHALLENGER]),
        champion=measure_performance(labels, champion, thresholds[CHAMPION]),
        challenger_training=measure_performance(fitted.labels, training.chosen.out_of_fold, thresholds[CHALLENGER]),
        difference=measured[0] if measured else None,
        interval=measured[1] if measured else None,
        left_out=judged.left_out,
        segments=tuple(compare_segments(segments, labels, challenger, champion, policy)),
        unscored=judged.unscored,
    )
