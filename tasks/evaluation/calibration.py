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
    """The reliability curve over bands cut at the scores' quantiles, the lowest scores first.

    Equal scores share a band, so that the curve does not depend on the order of the rows; with many of them there are
    fewer bands, and their sizes differ.
    """
    if not len(scores):
        return []
    lines = np.unique(np.quantile(scores, np.linspace(0, 1, bands + 1)[1:-1]))
    places = np.searchsorted(lines, scores, side="right")
    members = [np.flatnonzero(places == place) for place in np.unique(places)]
    return [
        Band(
            len(rows),
            float(scores[rows].mean()),
            float(labels[rows].mean()),
            *_find_share_interval(int(labels[rows].sum()), len(rows), confidence),
        )
        for rows in members
    ]


def measure_calibration_error(reliability: list[Band]) -> float:
    """The mean difference between predicted and observed, weighted by rows: 0 is perfect."""
    rows = sum(band.rows for band in reliability)
    return sum(abs(band.predicted - band.observed) * band.rows for band in reliability) / max(rows, 1)


def _find_share_interval(positive: int, rows: int, confidence: float) -> Interval:
    """Wilson's interval of a share."""
    interval = scipy.stats.binomtest(positive, rows).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)
