"""Importance: the column that carries the ranking is named, and the one whose weight has changed comes first."""

from functools import cache

import numpy as np

from tasks.core.policy import Kind, TrainPolicy
from tasks.evaluation.importance import measure_importance, rank_columns
from tasks.models.preprocess import Prepared
from tasks.models.train import fit_candidate
from tests.support.small_training import CONTRACT, make


@cache
def fit():
    return fit_candidate(CONTRACT, Kind.GRADIENT_BOOSTING, make(2000), TrainPolicy(boosting_rounds=20))


def measure(window):
    found = measure_importance(CONTRACT, fit().pipeline, make(2000), window, 0.98, 1)
    return {importance.column: importance for importance in found}


def test_without_a_change_no_interval_leaves_zero_out():
    told = measure(make(2000, seed=3))
    assert told["a"].reference > 0.2
    assert abs(told["b"].reference) < 0.03
    assert all(importance.low <= 0 <= importance.high for importance in told.values())


def test_the_column_that_no_longer_says_anything_comes_first():
    told = measure(make(2000, seed=3, signal=0.0))
    assert next(iter(told)) == "a"
    assert told["a"].high < 0


def test_without_labels_there_is_nothing_to_tell():
    window = make(300)
    bare = Prepared(window.applications, np.full(300, np.nan), window.days, window.keys)
    assert measure(bare) == {}


def test_the_columns_of_one_model_are_ranked_on_rows_that_it_has_not_seen():
    ranked = rank_columns(CONTRACT, fit().pipeline, make(2000, seed=3), 1)
    assert [column.column for column in ranked] == sorted(
        (column.name for column in CONTRACT.features), key=lambda name: -{c.column: c.loss for c in ranked}[name]
    )
    assert ranked[0].column == "a"
    assert ranked[0].loss > 0.2
    assert 0 < ranked[0].error < 0.05
    rows = make(300)
    assert rank_columns(CONTRACT, fit().pipeline, rows.take(rows.labels == 1), 1) == []
