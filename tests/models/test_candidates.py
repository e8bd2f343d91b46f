"""Candidates: after a change of the rule they differ in their days, and the best one is fitted again on all of them."""

from datetime import date

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tasks.core.policy import Kind, Recipe, TrainPolicy
from tasks.models.candidates import fit_recipe, list_recipes, refit, train_candidates
from tasks.models.features import RECENT
from tasks.models.preprocess import Prepared, concatenate
from tasks.models.scoring import score
from tasks.models.train import Split, split_rows
from tests.support.small_training import CONTRACT, make

POLICY = TrainPolicy(forest_trees=10, boosting_rounds=20, boosting_large=1_000_000, folds=2, minimum_recent_rows=200)
SINCE = date(2024, 2, 1)


def move(rows: Prepared, first_day: str, *, turned: bool = False) -> Prepared:
    days = rows.days - rows.days.min() + np.datetime64(first_day)
    return Prepared(rows.applications, 1 - rows.labels if turned else rows.labels, days, rows.keys)


@pytest.fixture(scope="module")
def rows() -> tuple[Prepared, Prepared, Prepared]:
    """Rows of the old rule, rows of one that is its contrary, and more of those."""
    old = move(make(seed=1, customers=1_000), "2024-01-01")
    return (
        old,
        move(make(seed=2, customers=300), "2024-02-01", turned=True),
        move(make(seed=3), "2024-03-01", turned=True),
    )


def split(window: Prepared) -> Split:
    places = np.arange(len(window)) / len(window)
    return Split(window.take(places < 0.6), window.take((places >= 0.6) & (places < 0.75)), window.take(places >= 0.75))


def test_without_a_dated_change_there_is_one_choice_of_days(rows):
    assert list_recipes(rows[0], POLICY, None) == (Recipe.ALL,)
    assert list_recipes(rows[0], POLICY, SINCE) == (Recipe.ALL,)  # nothing came since
    assert list_recipes(rows[1], POLICY, SINCE) == (Recipe.ALL,)  # all came since: it is one choice
    assert list_recipes(concatenate([rows[0], rows[1]]), POLICY, SINCE) == tuple(Recipe)


def test_after_a_change_of_the_rule_a_candidate_of_the_new_days_is_selected_and_all_are_on_record(rows):
    old, new, later = rows
    training = train_candidates(CONTRACT, split(new), [old], POLICY, SINCE)
    assert training.chosen.recipe in (Recipe.RECENT, Recipe.MARKED)
    assert len(training.validation_auc) == 6
    assert set(training.validation_auc) >= {
        "gradient_boosting",
        "gradient_boosting/recent_days",
        "random_forest/marked_days",
    }
    of_all = fit_recipe(CONTRACT, (Kind.GRADIENT_BOOSTING, Recipe.ALL), concatenate([old, new]), POLICY, SINCE)
    areas = [
        roc_auc_score(later.labels, score(candidate.pipeline, later.applications))
        for candidate in (training.chosen, of_all)
    ]
    assert areas[0] > areas[1] + 0.1


def test_the_mark_is_of_the_training_rows_and_new_applications_need_none(rows):
    old, new, later = rows
    candidate = fit_recipe(CONTRACT, (Kind.GRADIENT_BOOSTING, Recipe.MARKED), concatenate([old, new]), POLICY, SINCE)
    assert RECENT not in later.applications
    plain = score(candidate.pipeline, later.applications)
    as_new = score(candidate.pipeline, later.applications.assign(**{RECENT: 1.0}))
    as_old = score(candidate.pipeline, later.applications.assign(**{RECENT: 0.0}))
    assert np.array_equal(plain, as_new)
    assert roc_auc_score(later.labels, as_new) > 0.5 > roc_auc_score(later.labels, as_old)


def test_the_final_fit_has_the_days_that_have_judged_it_and_the_same_choice(rows):
    old, new, _ = rows
    parts = split(new)
    training = train_candidates(CONTRACT, parts, [old], POLICY, SINCE)
    deployed, fitted_on = refit(CONTRACT, training, POLICY)
    assert (deployed.kind, deployed.recipe) == (training.chosen.kind, training.chosen.recipe)
    assert len(fitted_on) == len(deployed.out_of_fold)
    assert np.isin(parts.test.keys, fitted_on.keys).all()
    expected = len(new) + (len(old) if deployed.recipe is Recipe.MARKED else 0)
    assert len(fitted_on) == expected


def test_the_rows_without_a_decision_are_known_of_all_days_and_of_ripe_ones_only(rows):
    old, new, _ = rows
    is_open = np.arange(len(new)) % 5 == 0
    is_unripe = new.days >= np.datetime64("2024-02-18")
    window = Prepared(new.applications, np.where(is_open | is_unripe, np.nan, new.labels), new.days, new.keys)
    training = train_candidates(CONTRACT, split_rows(window, POLICY), [old, window], POLICY, SINCE)
    expected = int(np.sum(is_open & ~is_unripe))
    assert len(training.undecided) == 2 * expected  # of the earlier days, and of the window's
    assert len(training.rows) == len(old) + int(window.is_labelled.sum()) + len(split_rows(window, POLICY).train)
