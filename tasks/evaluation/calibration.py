"""Calibration: of the loans with a predicted probability of 70 %, are 70 % given?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from tasks.core.arrays import Floats

Interval = tuple[float, float]


@dataclass(frozen=True)
class Band:
    """One point of a reliability curve: rows with similar scores, the mean score, and the share of positive labels.

    `low` and `high` are the ends of the share's interval.
    """

    rows: int
    predicted: float
    observed: float
    low: float
    high: float


def measure_reliability(labels: Floats, scores: Floats, confidence: float, bands: int = 10) -> list[Band]:
    """The reliability curve over bands with equal numbers of rows, the lowest scores first."""
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, bands) if len(part)]
    return [
        Band(
            len(part),
            float(scores[part].mean()),
            float(labels[part].mean()),
            *_find_share_interval(int(labels[part].sum()), len(part), confidence),
        )
        for part in parts
    ]


def measure_calibration_error(reliability: list[Band]) -> float:
    """The mean difference between predicted and observed, weighted by rows: 0 is perfect."""
    rows = sum(band.rows for band in reliability)
    return sum(abs(band.predicted - band.observed) * band.rows for band in reliability) / max(rows, 1)


def _find_share_interval(positive: int, rows: int, confidence: float) -> Interval:
    """Wilson's interval of a share."""
    interval = scipy.stats.binomtest(positive, rows).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)
