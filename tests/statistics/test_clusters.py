"""Rows that belong together: every row written twice says no more than once."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.statistics.auc import compare_paired_auc, measure_auc
from tasks.statistics.clusters import find_clusters, make_bootstrap
from tasks.statistics.likeness import measure_likeness

RANDOM = np.random.default_rng(4)
KEYS = np.sort(RANDOM.integers(0, 60, 200)).astype(np.uint64)
CLUSTERS = find_clusters(KEYS)


def test_cross_products_are_those_of_all_pairs():
    values = RANDOM.normal(size=(200, 2))
    expected = sum(
        np.outer(values[i], values[j]) for i in range(200) for j in range(200) if i != j and KEYS[i] == KEYS[j]
    )
    np.testing.assert_allclose(CLUSTERS.cross(values), expected)
    levels = RANDOM.integers(-1, 3, 200)
    pairs = np.zeros((3, 3))
    for i in range(200):
        for j in range(200):
            if i != j and KEYS[i] == KEYS[j] and min(levels[i], levels[j]) >= 0:
                pairs[levels[i], levels[j]] += 1
    np.testing.assert_array_equal(CLUSTERS.count_pairs(levels, 3), pairs)
    assert CLUSTERS.pairs == sum(int(np.sum(key == KEYS)) - 1 for key in KEYS)


def test_many_clusters_are_counted_as_few(monkeypatch):
    codes = RANDOM.integers(-1, 5, 200)
    few = CLUSTERS.count_pairs(codes, 5)
    monkeypatch.setattr("tasks.statistics.clusters._MOST_COUNTS", 0)
    assert few.sum() > 0
    np.testing.assert_array_equal(CLUSTERS.count_pairs(codes, 5), few)


@pytest.mark.parametrize("is_ordered", [True, False])
def test_equal_rows_have_a_likeness_of_one_and_independent_ones_of_none(is_ordered):
    keys = np.repeat(np.arange(2_000), 3)
    own = RANDOM.integers(0, 5, 2_000)
    for codes, expected in ((own[keys], 1.0), (RANDOM.integers(0, 5, 6_000), 0.0)):
        alike = measure_likeness(find_clusters(keys), codes, np.bincount(codes), is_ordered=is_ordered)
        assert alike.correlation == pytest.approx(expected, abs=0.03)
        assert alike.design_effect(6_000) == pytest.approx(1 + 2 * expected, abs=0.06)


def test_without_clusters_nothing_is_added():
    alone = find_clusters(np.arange(10))
    assert not len(alone.rows)
    assert alone.pairs == 0
    assert measure_likeness(alone, np.zeros(10, int), np.array([10]), is_ordered=True).design_effect(10) == 1


def test_an_area_of_rows_written_twice_is_as_sure_as_that_of_the_rows():
    labels, scores = RANDOM.integers(0, 2, 300).astype(float), RANDOM.normal(size=300)
    others = scores + RANDOM.normal(size=300)
    twice = np.tile(np.arange(300), 2)
    clusters = find_clusters(twice)
    once, again = measure_auc(labels, scores), measure_auc(labels[twice], scores[twice], clusters)
    assert again.value == pytest.approx(once.value)
    assert again.variance == pytest.approx(once.variance, rel=0.01)
    assert measure_auc(labels[twice], scores[twice]).variance == pytest.approx(once.variance / 2, rel=0.01)
    paired = compare_paired_auc(labels, scores, others, 0.95)
    assert compare_paired_auc(labels[twice], scores[twice], others[twice], 0.95, clusters) == pytest.approx(
        paired, abs=1e-3
    )


def test_a_bootstrap_draws_whole_clusters():
    draw = make_bootstrap(np.random.default_rng(1), 200, KEYS)
    sizes = []
    for _ in range(50):
        drawn = np.bincount(draw(), minlength=200)
        assert all(len(set(drawn[key == KEYS])) == 1 for key in np.unique(KEYS))
        sizes.append(drawn.sum())
    assert np.mean(sizes) == pytest.approx(200, rel=0.1)
