"""Calibration: honest and boastful scores, and the interval of a share as it was published."""

import numpy as np
import pytest

from tasks.evaluation.calibration import measure_calibration_error, measure_reliability


def test_reliability_of_honest_and_of_boastful_scores():
    rng = np.random.default_rng(4)
    scores = rng.random(20_000)
    labels = (rng.random(20_000) < scores).astype(float)
    honest = measure_reliability(labels, scores, 0.98)
    assert measure_calibration_error(honest) < 0.01
    assert sum(band.low <= band.predicted <= band.high for band in honest) >= 9
    assert measure_calibration_error(measure_reliability(labels, scores**3, 0.98)) > 0.15
    assert measure_calibration_error([]) == 0


def test_equal_scores_share_a_band_in_any_order_of_the_rows():
    rng = np.random.default_rng(5)
    scores = np.repeat([0.2, 0.5, 0.9], [700, 200, 100])
    labels = (rng.random(1_000) < scores).astype(float)
    order = rng.permutation(1_000)
    bands = measure_reliability(labels, scores, 0.98)
    assert [(band.rows, round(band.predicted, 9)) for band in bands] == [(700, 0.2), (200, 0.5), (100, 0.9)]
    assert [band.observed for band in bands] == [labels[scores == score].mean() for score in (0.2, 0.5, 0.9)]
    shuffled = measure_reliability(labels[order], scores[order], 0.98)
    assert [(band.rows, band.observed) for band in shuffled] == [(band.rows, band.observed) for band in bands]
    assert measure_reliability(labels[:0], scores[:0], 0.98) == []


def test_wilsons_interval_is_the_published_one():
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, and 0 of 20."""
    for positive, rows, interval in ((81, 263, (0.2553, 0.3662)), (0, 20, (0.0, 0.1611))):
        (band,) = measure_reliability(np.arange(rows) < positive, np.full(rows, 0.5), 0.95, bands=1)
        assert (band.low, band.high) == pytest.approx(interval, abs=5e-5)
