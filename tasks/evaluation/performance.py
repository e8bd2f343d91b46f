"""Performance: a model's figures on labelled rows, with confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats
from tasks.evaluation.calibration import Interval
from tasks.statistics.auc import measure_auc
from tasks.statistics.clusters import ALONE, Clusters


@dataclass(frozen=True)
class Performance:
    """A model's performance on labelled rows; no number is NaN, and the AUC is None if there is one class only."""

    rows: int
    auc: float | None
    accuracy: float
    precision: float
    recall: float
    f1: float
    brier: float


def measure_performance(labels: Floats, scores: Floats, threshold: float) -> Performance:
    """Accuracy, precision, recall and F1 at a probability of `threshold`; AUC; Brier score (mean squared error)."""
    # Imported late: without drift nothing is compared, and scikit-learn takes seconds to import.
    from sklearn import metrics

    if not len(labels):
        return Performance(0, None, 0.0, 0.0, 0.0, 0.0, 0.0)
    decisions = scores >= threshold
    both = len(np.unique(labels)) == 2
    return Performance(
        rows=len(labels),
        auc=float(metrics.roc_auc_score(labels, scores)) if both else None,
        accuracy=float(metrics.accuracy_score(labels, decisions)),
        precision=float(metrics.precision_score(labels, decisions, zero_division=0)),
        recall=float(metrics.recall_score(labels, decisions, zero_division=0)),
        f1=float(metrics.f1_score(labels, decisions, zero_division=0)),
        brier=float(metrics.brier_score_loss(labels, scores)),
    )


def measure_intervals(
    labels: Floats, scores: Floats, threshold: float, confidence: float, clusters: Clusters = ALONE
) -> dict[str, Interval | None]:
    """The confidence interval of each figure of `Performance`; None where it is not defined.

    Accuracy, precision, recall, F1 and Brier score are each a sum over rows divided by another, whose variance is that
    of a ratio (delta method); the AUC's is DeLong's. Both allow for the rows of one customer, `clusters`.
    """
    z = float(scipy.stats.norm.ppf((1 + confidence) / 2))
    predicted, observed = (scores >= threshold).astype(float), labels
    hits, ones = predicted * observed, np.ones(len(labels))
    ratios = {
        "accuracy": ((predicted == observed).astype(float), ones),
        "precision": (hits, predicted),
        "recall": (hits, observed),
        "f1": (2 * hits, predicted + observed),
        "brier": ((scores - labels) ** 2, ones),
    }
    intervals = {name: _find_ratio_interval(above, below, z, clusters) for name, (above, below) in ratios.items()}
    if len(np.unique(labels)) < 2:
        return {"auc": None, **intervals}
    auc = measure_auc(labels, scores, clusters)
    reach = z * auc.variance**0.5
    return {"auc": (max(0.0, auc.value - reach), min(1.0, auc.value + reach)), **intervals}


def _find_ratio_interval(above: Floats, below: Floats, z: float, clusters: Clusters) -> Interval | None:
    whole = float(below.sum())
    if not whole:
        return None
    ratio = float(above.sum()) / whole
    residuals = above - ratio * below
    variance = float(residuals @ residuals) + max(float(clusters.cross(residuals)[0, 0]), 0.0)
    reach = z * float(np.sqrt(variance)) / whole
    return max(0.0, ratio - reach), min(1.0, ratio + reach)
