"""Labelled rows counted by their score, and bins merged until they hold enough."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.statistics.score_bins import ScoreBins, choose_starts, count_score_bins

SCORES = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.5, 1.0]), min_size=1, max_size=200)


@settings(max_examples=100, deadline=None)
@given(SCORES, st.integers(1, 30))
def test_every_row_is_counted_where_its_score_is_placed(scores, most):
    numbers = np.array(scores)
    labels = (np.arange(len(numbers)) % 3 == 0).astype(float)
    bins = count_score_bins(labels, numbers, most)
    place = bins.place(numbers)
    assert len(bins.highest) <= most or len(bins.highest) == len(np.unique(numbers)) <= most
    np.testing.assert_array_equal(np.bincount(place, minlength=len(bins.rows)), bins.rows)
    np.testing.assert_array_equal(np.bincount(place, labels, len(bins.rows)), bins.positives)
    assert np.all(np.diff(bins.highest) > 0)


def test_equal_scores_are_never_parted_and_many_scores_are_shared_out_evenly():
    scores = np.concatenate([np.zeros(500), np.linspace(0.1, 1, 500)])
    bins = count_score_bins(np.ones(1_000), scores, most=10)
    assert bins.rows.tolist() == [500, 100, 100, 100, 100, 100]


def test_scores_outside_the_reference_fall_into_its_outer_bins():
    bins = count_score_bins(np.array([0.0, 1.0]), np.array([0.4, 0.6]))
    assert bins.place(np.array([-3.0, 0.4, 0.5, 0.6, 9.0])).tolist() == [0, 0, 1, 1, 1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40)), min_size=1, max_size=60), st.integers(1, 30))
def test_merged_bins_hold_enough_rows_and_lose_none(counts, most):
    rows, fresh = (np.array(column) for column in zip(*counts, strict=True))
    bins = ScoreBins(np.arange(len(rows)) * 1.0, rows, rows // 2)
    merged = bins.merge(choose_starts(bins, fresh, most, least_rows=10))
    assert merged.rows.sum() == rows.sum()
    assert merged.positives.sum() == (rows // 2).sum()
    assert merged.highest[-1] == bins.highest[-1]
    assert len(merged.rows) <= most
    assert len(merged.rows) == 1 or merged.rows.min() >= 10


def test_bins_are_fine_where_the_fresh_rows_are():
    bins = ScoreBins(np.arange(100) * 1.0, np.full(100, 50), np.full(100, 20))
    fresh = np.where(np.arange(100) >= 90, 100, 0)
    starts = choose_starts(bins, fresh, most=20, least_rows=10)
    assert np.sum(starts >= 90) == 10
    assert 9 <= np.sum(starts < 90) <= 10
