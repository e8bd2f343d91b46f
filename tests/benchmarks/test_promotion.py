"""The promotion rule's error rates: the benchmark's two scenarios, and its pieces in small."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.promotion import _worsen, count_better, count_equal
from benchmarks.training import check_goals, make_rows, measure_all


def test_made_rows_do_not_change_and_do_not_overlap():
    one, two = make_rows(500, 200), make_rows(500, 200)
    np.testing.assert_array_equal(one.test.labels, two.test.labels)
    assert not set(one.training.keys) & set(one.test.keys)
    assert 0.6 < one.training.labels.mean() < 0.95


def test_worse_scores_are_worse_by_as_much_as_asked():
    rng = np.random.default_rng(1)
    scores = rng.random(20_000)
    labels = (rng.random(20_000) < scores).astype(float)
    loss = roc_auc_score(labels, scores) - roc_auc_score(labels, _worsen(labels, scores, 0.02))
    assert loss == pytest.approx(0.02, abs=1e-4)


@pytest.mark.slow
def test_a_challenger_better_by_two_points_is_mostly_promoted():
    assert count_better(100, 3_000, 0.02).promoted >= 80


@pytest.mark.slow
def test_equal_challengers_are_hardly_ever_promoted():
    assert count_equal(60, 2_000, 1_500).promoted <= 1


@pytest.mark.slow
def test_candidates_rank_no_worse_than_the_previous_pair():
    told = check_goals(measure_all(make_rows(6_688, 20_000)))
    assert len(told) == 3  # two of them about time, which is for the benchmark to say
    assert "✓ 6,688 rows: test AUC no lower" in told
