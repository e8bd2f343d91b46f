"""The rows that are kept in full are the same however a window is cut, and whole customers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.policy import TrainPolicy
from tasks.core.whole_rows import Sample, pack_codes
from tasks.models.customer_sample import CustomerSample, count_sample_rows, draw_customers

CUSTOMERS = st.lists(st.integers(0, 40), min_size=1, max_size=120)


def sample(keys, cuts, most, order):
    """The places of the rows that are kept, of parts that end at `cuts` and come in some order."""
    ends = sorted({*cuts, len(keys)} - {0})
    starts = dict(enumerate([0, *ends]))
    kept = CustomerSample(most)
    for place in order(list(range(len(ends)))):
        part = keys[starts[place] : ends[place]]
        kept.add(place, draw_customers(pd.DataFrame({"row": np.arange(starts[place], ends[place])}), part, most))
    frame, places = kept.finish(starts)
    assert frame["row"].tolist() == places.tolist()
    return places


@given(CUSTOMERS, st.sets(st.integers(1, 119), max_size=5), st.integers(1, 60), st.randoms(use_true_random=False))
def test_the_same_rows_however_they_are_cut(customers, cuts, most, random):
    keys = np.array(customers, dtype=np.uint64)
    whole = sample(keys, [], most, list)
    parts = sample(
        keys, [cut for cut in cuts if cut < len(keys)], most, lambda places: random.sample(places, len(places))
    )
    assert whole.tolist() == parts.tolist()
    assert len(whole) >= min(most, len(keys))
    assert set(keys[whole]).isdisjoint(set(np.delete(keys, whole)))  # all rows of a customer, or none


def test_customers_are_kept_at_random():
    keys = np.arange(50_000, dtype=np.uint64)
    places = sample(keys, [20_000], 10_000, list)
    assert len(places) == 10_000
    assert abs(places.mean() - 25_000) < 500
    folds = np.bincount((keys[places] % np.uint64(5)).astype(int))
    assert np.abs(folds - 2_000).max() < 200


@pytest.mark.parametrize(("columns", "rows"), [(20, 300_000), (1_000, 50_000), (10_000_000, 200)])
def test_a_wide_table_keeps_fewer_rows(columns, rows):
    assert count_sample_rows(TrainPolicy(), columns) == rows


def test_rows_that_are_taken_know_their_new_places():
    kept = Sample(pd.DataFrame({"amount": [1.0, 2.0, 3.0]}), np.array([0, 3, 4]))
    taken = kept.take(np.array([False, True, False, True, True]))
    assert (taken.applications["amount"].tolist(), taken.places.tolist()) == ([2.0, 3.0], [1, 2])


@pytest.mark.parametrize(("levels", "kind"), [([20, 100], np.int8), ([101], np.int16), ([40_000], np.int32)])
def test_codes_take_as_few_bytes_as_their_levels_allow(levels, kind):
    codes = np.array([[0], [max(levels)]], dtype=np.int32)
    packed = pack_codes(codes, levels)
    assert packed.dtype == kind
    assert packed.tolist() == codes.tolist()
