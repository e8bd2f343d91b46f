"""Calibration: does a model that says 70 % see 70 % of the loans given? And how sure are its other figures?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from tasks.statistics.auc import measure_auc

Floats = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Band:
    """One point of a reliability curve: rows of neighbouring scores, the mean score, and the share of positive labels.

    `low` and `high` are the ends of the share's interval.
    """

    rows: int
    said: float
    was: float
    low: float
    high: float


def measure_reliability(labels: Floats, scores: Floats, confidence: float, bands: int = 10) -> list[Band]:
    """The reliability curve over bands of equally many rows, the lowest scores first."""
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, bands) if len(part)]
    return [
        Band(
            len(part),
            float(scores[part].mean()),
            float(labels[part].mean()),
            *find_share_interval(int(labels[part].sum()), len(part), confidence),
        )
        for part in parts
    ]


def measure_calibration_error(reliability: list[Band]) -> float:
    """The mean distance between what was said and what was, weighted by rows: 0 is perfect."""
    rows = sum(band.rows for band in reliability)
    return sum(abs(band.said - band.was) * band.rows for band in reliability) / max(rows, 1)


def find_share_interval(positive: int, rows: int, confidence: float) -> Interval:
    """Wilson's interval of a share."""
    z = float(scipy.stats.norm.ppf((1 + confidence) / 2))
    share, shrink = positive / rows, 1 + z * z / rows
    middle = (share + z * z / (2 * rows)) / shrink
    reach = z * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows)) / shrink
    return max(0.0, float(middle - reach)), min(1.0, float(middle + reach))


def measure_intervals(
    labels: Floats, scores: Floats, threshold: float, confidence: float
) -> dict[str, Interval | None]:
    """The confidence interval of each figure of `Performance`; None where it is not defined.

    Accuracy, precision, recall, F1 and Brier score are each a sum over rows divided by another, whose variance is that
    of a ratio (delta method); the AUC's is DeLong's.
    """
    z = float(scipy.stats.norm.ppf((1 + confidence) / 2))
    said, was = (scores >= threshold).astype(float), labels
    hits, ones = said * was, np.ones(len(labels))
    ratios = {
        "accuracy": ((said == was).astype(float), ones),
        "precision": (hits, said),
        "recall": (hits, was),
        "f1": (2 * hits, said + was),
        "brier": ((scores - labels) ** 2, ones),
    }
    intervals = {name: _find_ratio_interval(above, below, z) for name, (above, below) in ratios.items()}
    if len(np.unique(labels)) < 2:
        return {"auc": None, **intervals}
    auc = measure_auc(labels, scores)
    reach = z * auc.variance**0.5
    return {"auc": (max(0.0, auc.value - reach), min(1.0, auc.value + reach)), **intervals}


def _find_ratio_interval(above: Floats, below: Floats, z: float) -> Interval | None:
    whole = float(below.sum())
    if not whole:
        return None
    ratio = float(above.sum()) / whole
    reach = z * float(np.sqrt(np.sum((above - ratio * below) ** 2))) / whole
    return max(0.0, ratio - reach), min(1.0, ratio + reach)
