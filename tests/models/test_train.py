"""Training: splits by time, folds by customer, out-of-fold scores that no row had a part in."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tasks.core.policy import Kind, TrainPolicy
from tasks.models.candidates import train_candidates
from tasks.models.estimators import build_classifier
from tasks.models.out_of_fold import score_out_of_fold
from tasks.models.preprocess import Prepared
from tasks.models.scoring import assign_folds, score, score_by_fold
from tasks.models.train import TrainingError, fit_candidate, fit_candidates, split_rows
from tests.support.small_training import CONTRACT, make

QUICK = TrainPolicy(forest_trees=20, boosting_rounds=20)


def test_split_is_by_whole_days_in_the_order_of_time():
    prepared = make()
    split = split_rows(prepared, TrainPolicy())
    first = np.datetime64("2024-01-01")
    assert (split.train.days.max() - first).astype(int) == 11  # 60 % of 20 days
    assert (split.validation.days.min() - first).astype(int) == 12
    assert (split.validation.days.max() - first).astype(int) == 14
    assert (split.test.days.min() - first).astype(int) == 15
    assert len(split.train) + len(split.validation) + len(split.test) == len(prepared)


def test_where_all_rows_have_one_day_customers_are_drawn():
    """A month column: every application carries the first of its month."""
    prepared = make(customers=300)
    first = np.full(600, np.datetime64("2024-01-01"))
    split = split_rows(Prepared(prepared.applications, prepared.labels, first, prepared.keys), TrainPolicy())
    assert split.by_customer
    parts = [split.train, split.validation, split.test]
    assert [round(len(part) / 600, 1) for part in parts] == pytest.approx([0.6, 0.15, 0.25], abs=0.07)
    assert not np.intersect1d(split.train.keys, split.test.keys).size
    assert len(np.unique(split.test.labels)) == 2


def test_last_days_of_one_decision_stay_the_test_days():
    """Refusals are decided at once and approvals later: customers drawn from the other days would hide it."""
    prepared = make()
    labels = np.where(prepared.days >= np.datetime64("2024-01-16"), 0.0, prepared.labels)
    split = split_rows(Prepared(prepared.applications, labels, prepared.days, prepared.keys), TrainPolicy())
    assert not split.by_customer
    assert len(np.unique(split.test.labels)) < 2


def test_days_whose_decisions_do_not_count_yet_are_left_out_of_the_split():
    prepared = make()
    is_last = prepared.days >= np.datetime64("2024-01-11")
    labels = np.where(is_last, np.nan, prepared.labels)
    split = split_rows(Prepared(prepared.applications, labels, prepared.days, prepared.keys), TrainPolicy())
    assert split.test.days.max() == np.datetime64("2024-01-10")
    assert len(split.train) + len(split.validation) + len(split.test) == int((~is_last).sum())
    assert len(split.test)
    assert len(split.undecided) == 0


def test_the_rows_without_a_decision_among_the_training_days_are_counted():
    prepared = make()
    is_open = np.arange(len(prepared)) % 10 == 0
    labels = np.where(is_open, np.nan, prepared.labels)
    split = split_rows(Prepared(prepared.applications, labels, prepared.days, prepared.keys), TrainPolicy())
    last = split.train.days.max()
    assert np.sum(split.undecided <= last) == int(np.sum(is_open & (prepared.days <= last))) > 0
    assert len(split.undecided) == int(is_open.sum())  # the final fit is on all of the window's days


@pytest.mark.parametrize(("rare", "folds"), [(40, 5), (9, 4)])
def test_a_rare_decision_is_fitted_with_fewer_folds(rare, folds):
    prepared = make(rows=600)
    labels = np.where(np.arange(600) < rare, 1.0, 0.0)
    candidate = fit_candidate(
        CONTRACT, Kind.GRADIENT_BOOSTING, Prepared(prepared.applications, labels, prepared.days, prepared.keys), QUICK
    )
    assert len(candidate.pipeline.named_steps["model"].calibrated_classifiers_) <= folds
    assert np.isfinite(candidate.out_of_fold).all()


def test_rows_without_a_decision_are_in_no_part():
    prepared = make()
    labels = np.where(np.arange(600) % 3 == 0, np.nan, prepared.labels)
    split = split_rows(Prepared(prepared.applications, labels, prepared.days, prepared.keys), TrainPolicy())
    assert len(split.train) + len(split.validation) + len(split.test) == 400


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(Kind))
def test_the_same_rows_make_the_same_model(kind, monkeypatch):
    """Also where other processes fit the folds, as in a run on more than one core."""
    one = fit_candidate(CONTRACT, kind, make(), QUICK)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    two = fit_candidate(CONTRACT, kind, make(), QUICK)
    np.testing.assert_array_equal(one.out_of_fold, two.out_of_fold)
    new = make(seed=9).applications
    np.testing.assert_array_equal(score(one.pipeline, new), score(two.pipeline, new))


@pytest.mark.parametrize("kind", list(Kind))
def test_out_of_fold_scores_of_pure_noise_rank_nothing(kind):
    """Customers repeat with one label each: any leak between the folds would show as an AUC far above one half."""
    prepared = make(rows=1500, customers=150, signal=0.0)
    customer_label = (prepared.keys % np.uint64(2)).astype(float)
    memorable = prepared.applications.assign(a=(prepared.keys % np.uint64(100_003)).astype(float))
    noise = Prepared(memorable, customer_label, prepared.days, prepared.keys)
    candidate = fit_candidate(CONTRACT, kind, noise, QUICK)
    fold = candidate.pipeline.named_steps["model"].calibrated_classifiers_[0].estimator
    learnt = assign_folds(prepared.keys, QUICK.folds) != 0
    matrix = candidate.pipeline[:-1].transform(memorable)[learnt]
    assert roc_auc_score(customer_label[learnt], fold.predict_proba(matrix)[:, 1]) > 0.8
    assert abs(roc_auc_score(customer_label, candidate.out_of_fold) - 0.5) < 0.15


def test_an_out_of_fold_score_is_that_of_the_rows_fold_but_for_its_calibration():
    prepared = make()
    candidate = fit_candidate(CONTRACT, Kind.GRADIENT_BOOSTING, prepared, QUICK)
    again = score_by_fold(candidate.pipeline, prepared.applications, prepared.keys)
    assert np.corrcoef(again, candidate.out_of_fold)[0, 1] > 0.98
    assert not np.array_equal(again, candidate.out_of_fold)
    assert np.isfinite(candidate.out_of_fold).all()


@pytest.mark.slow
def test_where_nothing_can_be_ranked_out_of_fold_scores_rank_nothing():
    """A calibration that knows the row's own label turns a model round that ranks below one half."""
    leaking, apart = [], []
    for seed in range(12):
        prepared = make(rows=300, seed=seed)
        labels = np.random.default_rng(seed).integers(0, 2, 300).astype(float)
        noise = Prepared(prepared.applications, labels, prepared.days, prepared.keys)
        candidate = fit_candidate(CONTRACT, Kind.GRADIENT_BOOSTING, noise, QUICK)
        scores = score_by_fold(candidate.pipeline, noise.applications, noise.keys)
        leaking.append(roc_auc_score(labels, scores))
        apart.append(roc_auc_score(labels, candidate.out_of_fold))
    assert np.mean(leaking) > 0.53
    assert np.mean(apart) < 0.52


def test_no_rows_give_no_scores():
    candidate = fit_candidate(CONTRACT, Kind.GRADIENT_BOOSTING, make(), QUICK)
    nothing = make().take(np.zeros(600, bool))
    assert score(candidate.pipeline, nothing.applications).shape == (0,)
    assert score_by_fold(candidate.pipeline, nothing.applications, nothing.keys).shape == (0,)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(Kind))
def test_probabilities_are_calibrated(kind):
    candidate = fit_candidate(CONTRACT, kind, make(rows=4000), TrainPolicy(forest_trees=60))
    fresh = make(rows=4000, seed=7)
    scores = score(candidate.pipeline, fresh.applications)
    bands = pd.qcut(scores, 5, labels=False)
    means = pd.DataFrame({"said": scores, "was": fresh.labels}).groupby(bands).mean()
    assert (means["said"] - means["was"]).abs().max() < 0.06


@pytest.mark.parametrize("few", [0, 1, 3])
def test_where_nothing_can_be_learnt_everybody_has_the_same_probability(few):
    prepared = make(rows=400)
    labels = np.where(np.arange(400) < few, 1.0, 0.0)
    candidate = fit_candidate(
        CONTRACT, Kind.RANDOM_FOREST, Prepared(prepared.applications, labels, prepared.days, prepared.keys), QUICK
    )
    scores = score(candidate.pipeline, prepared.applications)
    assert np.ptp(scores) < 1e-12
    assert scores[0] == pytest.approx(few / 400, abs=0.01)
    np.testing.assert_allclose(candidate.out_of_fold, scores)


def test_without_any_decision_there_is_no_model():
    prepared = make(rows=60)
    unknown = Prepared(prepared.applications, np.full(60, np.nan), prepared.days, prepared.keys)
    with pytest.raises(TrainingError, match="earlier or longer training days"):
        fit_candidate(CONTRACT, Kind.RANDOM_FOREST, unknown, QUICK)


def test_the_candidate_is_chosen_on_the_validation_days():
    split = split_rows(make(rows=1500), QUICK)
    training = train_candidates(CONTRACT, split, [make(seed=3)], QUICK)
    best = max(training.validation_auc, key=lambda kind: training.validation_auc[kind])
    assert str(training.chosen.kind) == best
    assert len(training.fitted_on) == len(split.train) + 600


@pytest.mark.parametrize(("columns", "most"), [(60, 0.4), (250, 0.4), (700, 100)])
def test_a_forest_considers_a_share_of_the_columns_up_to_a_number(columns, most):
    forest = build_classifier(Kind.RANDOM_FOREST, TrainPolicy(), 10_000, columns)
    assert forest.max_features == most


def test_candidates_fitted_together_are_those_fitted_alone():
    prepared = make()
    together = fit_candidates(CONTRACT, tuple(Kind), prepared, QUICK)
    for kind, candidate in zip(Kind, together, strict=True):
        alone = fit_candidate(CONTRACT, kind, prepared, QUICK)
        assert candidate.kind is kind
        np.testing.assert_array_equal(candidate.out_of_fold, alone.out_of_fold)
        np.testing.assert_array_equal(
            score(candidate.pipeline, prepared.applications), score(alone.pipeline, prepared.applications)
        )


@pytest.mark.parametrize("kind", list(Kind))
def test_a_reference_that_is_read_again_gets_the_scores_of_its_training(kind):
    prepared = make()
    candidate = fit_candidate(CONTRACT, kind, prepared, QUICK)
    again = score_out_of_fold(candidate.pipeline, prepared.applications, np.asarray(prepared.labels), prepared.keys)
    np.testing.assert_array_equal(candidate.out_of_fold, again)
