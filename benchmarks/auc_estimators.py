"""Ways to estimate an AUC without labels: ours, and those that it is held against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.isotonic import IsotonicRegression

from tasks.core.arrays import Floats
from tasks.drift.reweighting import match_scores
from tasks.statistics.auc import expect_auc, measure_auc
from tasks.statistics.regression import fit_logistic, logit
from tasks.statistics.score_bins import count_score_bins

Estimator = Callable[[Floats], float]
Learner = Callable[[Floats, Floats], Estimator]


def learn_ours(labels: Floats, scores: Floats) -> Estimator:
    """What `tasks.drift.expected_auc` does: decisions counted by score and reweighted."""
    bins, shown = count_score_bins(labels, scores), measure_auc(labels, scores).value

    def estimate(fresh: Floats) -> float:
        matched = match_scores(bins, fresh)
        return shown - matched.before.value + matched.now.value

    return estimate


def learn_cubic(labels: Floats, scores: Floats) -> Estimator:
    """What it did before: the loss by a logistic regression on a cubic in the log odds."""
    fit, shown = fit_logistic(_design(scores), labels), measure_auc(labels, scores).value
    before = expect_auc(fit.chances, scores)
    return lambda fresh: shown - before + expect_auc(fit.predict(_design(fresh)), fresh)


def learn_isotonic(labels: Floats, scores: Floats) -> Estimator:
    """The loss by an isotonic regression."""
    curve, shown = IsotonicRegression(out_of_bounds="clip").fit(scores, labels), measure_auc(labels, scores).value
    before = expect_auc(curve.predict(scores), scores)
    return lambda fresh: shown - before + expect_auc(curve.predict(fresh), fresh)


def learn_cbpe(labels: Floats, scores: Floats) -> Estimator:
    """NannyML's confidence-based performance estimation: isotonic recalibration, then the expected area itself."""
    curve = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    return lambda fresh: expect_auc(curve.predict(fresh), fresh)


def _design(scores: Floats) -> Floats:
    s = logit(scores)
    return np.column_stack([np.ones_like(s), s, s**2, s**3])


OURS = "loanwatch"
LEARNERS: dict[str, Learner] = {
    "cubic": learn_cubic,
    "isotonic": learn_isotonic,
    "CBPE": learn_cbpe,
    OURS: learn_ours,
}
