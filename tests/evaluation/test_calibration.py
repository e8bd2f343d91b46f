"""Calibration: honest and boastful scores, and the interval of a share as it was published."""

import numpy as np
import pytest

from tasks.evaluation.calibration import find_share_interval, measure_calibration_error, measure_reliability


def test_reliability_of_honest_and_of_boastful_scores():
    rng = np.random.default_rng(4)
    scores = rng.random(20_000)
    labels = (rng.random(20_000) < scores).astype(float)
    honest = measure_reliability(labels, scores, 0.98)
    assert measure_calibration_error(honest) < 0.01
    assert sum(band.low <= band.predicted <= band.high for band in honest) >= 9
    assert measure_calibration_error(measure_reliability(labels, scores**3, 0.98)) > 0.15
    assert measure_calibration_error([]) == 0


def test_wilsons_interval_is_the_published_one():
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, and 0 of 20."""
    assert find_share_interval(81, 263, 0.95) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert find_share_interval(0, 20, 0.95) == pytest.approx((0.0, 0.1611), abs=5e-5)
