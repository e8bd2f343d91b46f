"""Screening: a wide table's models read the columns that carry something, and owe them to no row they are judged by."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tasks.contract.contract import Contract
from tasks.core.policy import Kind, TrainPolicy
from tasks.models.direct_scoring import DirectScorer, score_replaced
from tasks.models.features import build_derivation, build_preprocessor
from tasks.models.fitted_steps import list_owners
from tasks.models.out_of_fold import score_out_of_fold
from tasks.models.preprocess import Prepared
from tasks.models.scoring import score
from tasks.models.screening import bound_width, measure_widths, screen_columns
from tasks.models.train import Candidate, fit_candidate

ROWS = 1_500
NUMBERS, WORDS = 60, 12
QUICK = TrainPolicy(forest_trees=12, boosting_rounds=15, most_columns=100)


def describe(numbers: int = NUMBERS, words: int = WORDS) -> Contract:
    """Numbers and words; every third of these is ordered, every third is encoded by its frequency."""
    columns = [
        {"name": "id", "role": "id", "type": "text"},
        {"name": "at", "role": "time", "type": "time"},
        {"name": "y", "role": "target", "type": "category", "allowed": ["no", "yes"], "positive": "yes"},
        *({"name": f"n{place}", "role": "feature", "type": "number"} for place in range(numbers)),
    ]
    for place in range(words):
        how = ({"ordered": ["a", "b", "c"]}, {"encoding": "frequency"}, {"encoding": "one_hot"})[place % 3]
        columns.append({"name": f"w{place}", "role": "feature", "type": "category", **how})
    derived = [{"name": "ratio", "numerator": "n1", "denominator": "n2"}]
    return Contract.model_validate(
        {"name": "wide", "query": "loan_applications.sql", "column": columns, "derived": derived}
    )


CONTRACT = describe()


def make(seed: int = 0, signal: float = 2.0, rows: int = ROWS) -> Prepared:
    """Rows in which n0, n7 and w2 decide, and nothing else; some values are missing."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(rows, NUMBERS))
    frame = pd.DataFrame({f"n{place}": numbers[:, place] for place in range(NUMBERS)})
    for place in range(WORDS):
        levels = list("abc") if place % 3 == 0 else [f"word {level:02}" for level in range(70)]
        codes = np.minimum(rng.geometric(0.5 if place % 3 == 0 else 0.15, rows) - 1, len(levels) - 1)
        frame[f"w{place}"] = pd.Categorical.from_codes(codes, levels)
    wish = frame["n0"] - frame["n7"] + (frame["w2"].cat.codes < 3)
    labels = (rng.random(rows) < 1 / (1 + np.exp(-signal * (wish - wish.mean())))).astype(float)
    for place in range(0, NUMBERS, 5):
        frame.loc[rng.random(rows) < 0.1, f"n{place}"] = np.nan
    frame.loc[rng.random(rows) < 0.1, "w3"] = np.nan
    frame.loc[rng.random(rows) < 0.1, "w5"] = np.nan
    days = np.datetime64("2024-01-01") + np.sort(rng.integers(0, 60, rows)).astype("timedelta64[D]")
    keys = pd.util.hash_array(np.arange(rows).astype(str).astype(object))
    return Prepared(frame, labels, days, keys)


@cache
def fit(kind: Kind) -> Candidate:
    return fit_candidate(CONTRACT, kind, make(), QUICK)


def test_the_width_of_the_matrix_is_known_before_it_is_made():
    rows = make()
    steps = build_preprocessor(CONTRACT, "standardise").fit(rows.applications)
    names = steps.named_steps["encode"].get_feature_names_out()
    widths = measure_widths(CONTRACT, build_derivation(CONTRACT).transform(rows.applications))
    owners = list_owners(steps)
    assert len(owners) == len(names)
    assert {name: owners.count(name) for name in widths} == widths
    assert all(owner in name for owner, name in zip(owners, names, strict=True))
    assert len(names) <= bound_width(CONTRACT, rows.applications)


def test_a_table_that_is_not_wide_keeps_all_its_columns():
    rows = make()
    width = sum(measure_widths(CONTRACT, build_derivation(CONTRACT).transform(rows.applications)).values())
    assert screen_columns(CONTRACT, rows, TrainPolicy(most_columns=width), 5, marks_recent=False) is None
    assert screen_columns(CONTRACT, rows, TrainPolicy(most_columns=width), 5, marks_recent=True) is not None


def test_each_side_has_the_telling_columns_and_no_more_than_the_policy_allows():
    rows = make()
    screened = screen_columns(CONTRACT, rows, QUICK, 5, marks_recent=False)
    assert screened is not None
    widths = measure_widths(CONTRACT, build_derivation(CONTRACT).transform(rows.applications))
    for side in screened.sides:
        assert {"n0", "n7", "w2"} <= side
        assert sum(widths[name] for name in side) <= QUICK.most_columns
    assert screened.sides[0] != screened.sides[1]


def test_a_derived_feature_comes_with_what_it_is_computed_from():
    rows = make()
    told = rows.applications["n1"] / rows.applications["n2"] > 0
    screened = screen_columns(
        CONTRACT,
        Prepared(rows.applications, told.to_numpy(float), rows.days, rows.keys),
        QUICK,
        5,
        marks_recent=False,
    )
    assert screened is not None
    assert all({"ratio", "n1", "n2"} <= side for side in screened.sides)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_model_is_one_pipeline_for_all_columns_of_the_contract(kind):
    fitted, fresh = fit(kind), make(seed=5)
    scores = score(fitted.pipeline, fresh.applications)
    assert roc_auc_score(fresh.labels, scores) > 0.85
    used = fitted.pipeline.named_steps["derive"].columns
    assert len(used) < NUMBERS + WORDS
    unused = [column.name for column in CONTRACT.features if column.name not in used]
    spoilt = fresh.applications.assign(**dict.fromkeys(unused, np.nan))
    np.testing.assert_array_equal(scores, score(fitted.pipeline, spoilt))


@pytest.mark.parametrize("kind", list(Kind))
def test_each_fold_asks_only_for_columns_of_its_own_side(kind):
    """And does ask for them by their places in the matrix of both sides."""
    fitted = fit(kind)
    screened = screen_columns(CONTRACT, make(), QUICK, 5, marks_recent=False)
    assert screened is not None
    owners = np.array(list_owners(fitted.pipeline))
    for fold, model in enumerate(fitted.pipeline.named_steps["model"].calibrated_classifiers_):
        one = model.estimator
        trees = [tree.tree_ for tree in getattr(one, "estimators_", ())]
        asked = [tree.feature[tree.feature >= 0] for tree in trees]
        asked += [tree.nodes["feature_idx"][tree.nodes["is_leaf"] == 0] for (tree,) in getattr(one, "_predictors", ())]
        assert set(owners[np.unique(np.concatenate(asked))]) <= screened.sides[fold % 2]


@pytest.mark.parametrize("kind", list(Kind))
def test_it_is_scored_one_by_one_as_in_a_batch(kind):
    fitted, fresh = fit(kind), make(seed=6, rows=30).applications
    names = tuple(column.name for column in CONTRACT.features)
    middles = {name: float(fresh[name].median()) if name[0] == "n" else fresh[name].mode()[0] for name in names}
    direct = DirectScorer(fitted.pipeline, middles, names)
    words = fresh.astype(object).where(fresh.notna(), None)
    values = {name: fresh[name].to_numpy(float) if name[0] == "n" else words[name].tolist() for name in names}
    np.testing.assert_array_equal(direct.score(values), score_replaced(fitted.pipeline, fresh[list(names)], middles))


@pytest.mark.parametrize("kind", list(Kind))
def test_a_reference_that_is_read_again_gets_the_scores_of_its_training(kind):
    rows = make()
    again = score_out_of_fold(fit(kind).pipeline, rows.applications, np.asarray(rows.labels), rows.keys)
    np.testing.assert_array_equal(fit(kind).out_of_fold, again)


@pytest.mark.slow
def test_out_of_fold_scores_of_pure_noise_rank_nothing():
    """Columns that were chosen by the very rows that are scored would rank them: the mean of six draws shows it."""
    areas = []
    for seed in range(6):
        rows = make(seed=seed, signal=0.0, rows=600)
        candidate = fit_candidate(CONTRACT, Kind.GRADIENT_BOOSTING, rows, QUICK)
        areas.append(roc_auc_score(rows.labels, candidate.out_of_fold))
    assert abs(np.mean(areas) - 0.5) < 0.03


def test_a_sample_of_one_label_chooses_the_first_columns():
    rows = make()
    alike = Prepared(rows.applications, np.ones(ROWS), rows.days, rows.keys)
    screened = screen_columns(CONTRACT, alike, QUICK, 5, marks_recent=False)
    assert screened is not None
    assert screened.sides[0] == screened.sides[1] >= {"n0", "n1", "n2"}
