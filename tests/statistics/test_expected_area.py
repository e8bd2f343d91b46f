"""The expected area in bins: against the sum over rows, against differences, and against areas of known labels."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tasks.statistics.auc import expect_auc, find_influence
from tasks.statistics.expected_area import expect_area

RANDOM = np.random.default_rng(8)
SHARES = RANDOM.dirichlet(np.full(12, 3.0))
CHANCES = RANDOM.uniform(0.02, 0.98, 12)  # not monotone


def test_it_is_the_expected_auc_of_weighted_rows():
    assert expect_area(SHARES, CHANCES).value == pytest.approx(expect_auc(CHANCES, np.arange(12.0), SHARES))


def test_its_derivatives_are_the_differences():
    area, step = expect_area(SHARES, CHANCES), 1e-6
    for place in range(12):
        unit = np.eye(12)[place]
        by_chance = (expect_area(SHARES, CHANCES + step * unit).value - area.value) / step
        assert by_chance == pytest.approx(SHARES[place] * area.by_chance[place], abs=1e-5)
        by_row = (expect_area((1 - step) * SHARES + step * unit, CHANCES).value - area.value) / step
        assert by_row == pytest.approx(area.by_row[place], abs=1e-5)
    assert SHARES @ area.by_row == pytest.approx(0)


def test_with_known_labels_it_is_the_auc_and_its_influence():
    """Both derivatives together are what each labelled row adds to the AUC (Obuchowski)."""
    scores = RANDOM.integers(0, 6, 400).astype(float)
    labels = (RANDOM.random(400) < (scores + 1) / 8).astype(float)
    rows = np.bincount(scores.astype(int))
    chances = np.bincount(scores.astype(int), weights=labels) / rows
    area = expect_area(rows / 400, chances)
    assert area.value == pytest.approx(roc_auc_score(labels, scores))
    place = scores.astype(int)
    influence = (labels - chances[place]) * area.by_chance[place] + area.by_row[place]
    np.testing.assert_allclose(influence / 400, find_influence(labels, scores), rtol=0.02, atol=1e-6)
