"""The budget of training: of more rows than it allows some are drawn, the same ones on any machine."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from tasks.core.policy import Kind, TrainPolicy
from tasks.models import progress
from tasks.models.budget import count_work, draw_by_label, draw_for_work
from tasks.models.fold_fits import encode, fit_folds
from tasks.models.scoring import score
from tests.support.small_training import CONTRACT, make

KEYS = pd.util.hash_array(np.arange(20_000) // 2)


def test_the_work_of_a_kind_counts_its_trees_and_folds():
    policy = TrainPolicy()
    assert count_work(Kind.RANDOM_FOREST, policy, 1_000, 10) == 1_000 * 10 * 100 * 5
    assert count_work(Kind.GRADIENT_BOOSTING, policy, 1_000, 10) == 1_000 * 10 * 60 * 5
    assert count_work(Kind.GRADIENT_BOOSTING, policy, 50_000, 10) == 50_000 * 10 * 120 * 5  # twice the trees


def test_the_largest_table_that_is_not_wide_is_within_the_budget():
    policy = TrainPolicy()
    work = count_work(Kind.GRADIENT_BOOSTING, policy, policy.most_rows, policy.most_columns)
    assert work <= policy.most_work


def test_more_rows_are_drawn_by_customer_whatever_their_order():
    policy = TrainPolicy(most_work=1_000_000_000)
    drawn = draw_for_work(Kind.RANDOM_FOREST, policy, KEYS, 200)
    assert 10_000 <= drawn.sum() <= 10_002
    assert np.array_equal(drawn[::2], drawn[1::2])  # both rows of a customer, or neither
    order = np.random.default_rng(1).permutation(len(KEYS))
    np.testing.assert_array_equal(drawn[order], draw_for_work(Kind.RANDOM_FOREST, policy, KEYS[order], 200))
    assert draw_for_work(Kind.RANDOM_FOREST, policy, KEYS, 20).all()


def test_a_model_of_fewer_rows_scores_all_of_them():
    rows, policy = make(rows=6_000), TrainPolicy(boosting_rounds=10, folds=2)
    encoded = encode(CONTRACT, rows, policy, 2)
    few = policy.model_copy(update={"most_work": 6_000 * 2 * 10 * 2 // 6})
    (whole, _), (some, scores) = (
        fit_folds(
            encoded,
            [Kind.GRADIENT_BOOSTING],
            one,
        )[0]
        for one in (policy, few)
    )
    fitted = [model.named_steps["model"].calibrated_classifiers_[0].estimator for model in (whole, some)]
    counted = [one._predictors[0][0].nodes["count"][0] for one in fitted]
    assert counted[1] < counted[0] / 4
    assert roc_auc_score(rows.labels, scores) > 0.8
    assert not np.array_equal(score(whole, rows.applications), score(some, rows.applications))


def test_a_rare_label_is_half_of_what_is_drawn():
    labels = np.where(np.arange(20_000) % 100 == 0, 1.0, 0.0)
    drawn = draw_by_label(labels, KEYS, 300)
    assert len(drawn) == 300
    assert labels[drawn].sum() == 150
    assert np.array_equal(drawn, np.unique(drawn))
    rare = draw_by_label(labels, KEYS, 5_000)
    assert labels[rare].sum() == 200
    assert len(rare) == 5_000


def test_a_long_training_tells_how_far_it_has_come(monkeypatch):
    told = []
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0.0)
    # Where a logger's lines go depends on the tests before.
    monkeypatch.setattr(progress.log, "info", lambda line, *given: told.append(line % given))
    fit_folds(encode(CONTRACT, make(), TrainPolicy(boosting_rounds=10), 2), [Kind.GRADIENT_BOOSTING], TrainPolicy())
    assert [line.partition(" after")[0] for line in told] == [
        "Gradient boosting: 1 of 2 folds",
        "Gradient boosting: 2 of 2 folds",
    ]
