"""A shuffled column's scores are those of a frame in which the column is shuffled, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.core.policy import Kind
from tasks.evaluation import shuffled
from tasks.evaluation.shuffled import score_shuffled, shuffle_each
from tasks.models.preprocess import prepare
from tasks.models.scoring import score_by_fold
from tests.models.test_direct_scoring import SHIPPED, fit
from tests.support.lender_models import make_imported_bundle
from tests.support.small_model import make_applications

ROWS = 120


def make(contract):
    """Rows of a contract, some of whose values are missing."""
    applications, random = make_applications(contract, ROWS, seed=8), np.random.default_rng(8)
    for column in contract.features:
        applications[column.name] = applications[column.name].mask(random.random(ROWS) < 0.1)
    return prepare(contract, applications)


def score_by_frame(model, rows, name, order):
    return score_by_fold(model, shuffle_each(rows.applications, [name], order), rows.keys)


@pytest.mark.parametrize("most", [shuffled.MOST_VALUES, 1])  # all columns at once, and one after the other
@pytest.mark.parametrize(("name", "kind"), [("shipped", Kind.GRADIENT_BOOSTING), ("other", Kind.RANDOM_FOREST)])
def test_scores_of_replaced_columns_are_those_of_frames(name, kind, most, monkeypatch):
    contract, pipeline, _ = fit(name, kind=kind)
    rows, order = make(contract), np.random.default_rng(1).permutation(ROWS)
    monkeypatch.setattr(shuffled, "MOST_VALUES", most)
    names = [column.name for column in contract.features]
    found = dict(score_shuffled(pipeline, rows, names, order))
    assert set(found) == set(names)
    for column, scores in found.items():
        np.testing.assert_array_equal(scores, score_by_frame(pipeline, rows, column, order))


def test_a_column_that_the_model_does_not_read_is_not_scored():
    contract, pipeline, _ = fit("other")
    rows, order = make(contract), np.arange(ROWS)
    found = dict(score_shuffled(pipeline, rows, ["amount", "no such column"], order))
    assert found["no such column"] is None
    assert found["amount"] is not None


def test_a_model_of_the_lenders_own_is_scored_by_frames():
    model = make_imported_bundle(SHIPPED, "joblib").scorer
    rows, order = make(SHIPPED), np.random.default_rng(1).permutation(ROWS)
    names = [column.name for column in SHIPPED.features][:3]
    for column, scores in score_shuffled(model, rows, names, order):
        np.testing.assert_array_equal(scores, score_by_frame(model, rows, column, order))
