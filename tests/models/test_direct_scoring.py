"""Direct scoring gives what the batch gives, to the last bit, and so it does of every column replaced."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.api.rows import RowReader, make_frame
from deployments.api.serving import find_middles
from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.policy import Kind, TrainPolicy
from tasks.models.direct_scoring import DirectScorer, lay_out, score_replaced
from tasks.models.estimators import fit_without_skill
from tasks.models.fitted_steps import UnknownStepError
from tasks.models.preprocess import prepare
from tasks.models.scoring import score
from tasks.models.train import fit_candidate
from tests.support.lender_models import make_imported_bundle
from tests.support.second_lender import CONTRACT as SECOND_CONTRACT
from tests.support.small_model import find_bundle, make_applications

SHIPPED = load_contract("loan_applications")
OTHER = Contract.model_validate(
    {
        "name": "other",
        "query": "other.sql",
        "column": [
            {"name": "id", "role": "id"},
            {"name": "at", "role": "time"},
            {"name": "status", "role": "target", "type": "integer", "positive": 1},
            {"name": "grade", "type": "category", "ordered": [1, 2, 3]},
            {"name": "amount", "type": "number", "min": 0, "special": {"500": "unknown", "-1": "refused"}},
            {"name": "rate", "type": "number"},
            {"name": "owner", "type": "boolean"},
            {"name": "branch", "type": "category", "encoding": "frequency"},
            {"name": "region", "type": "category", "encoding": "one_hot"},
            {"name": "months", "type": "integer"},
        ],
        "derived": [
            {"name": "amount_a_month", "numerator": "amount", "denominator": "months", "factor": 12},
            {"name": "rate_of_amount", "numerator": "rate", "denominator": "amount"},
            {"name": "has_loan", "record": ["amount", "owner", "rate"]},
            {"name": "has_region", "record": ["region"]},
        ],
    }
)
BOOSTING = Kind.GRADIENT_BOOSTING
USUAL_ODD = (0.0, -0.0, -1.0, 500.0, 99_999_999.0, 0.1 + 0.2, 2.0**53)
ODD = (*USUAL_ODD, 5e-324, 1e-300, 1e300, -1.7e308)


@cache
def fit(name: str, kind: Kind = BOOSTING, scaling: str = "standardise", leaves: int = 8, is_marked: bool = False):
    """A contract and a model of it that has seen missing and rare values, and what replaces each column."""
    contract = {"shipped": SHIPPED, "other": OTHER, "second": load_contract(SECOND_CONTRACT)}[name]
    applications, random = make_applications(contract, 900, seed=3), np.random.default_rng(3)
    for column in contract.features:
        if column.type == "category" and column.categories is None:
            words = [f"word {number}" for number in range(70)]
            applications[column.name] = pd.Categorical(random.choice(words, 900, p=np.arange(1, 71) / 2485))
        applications[column.name] = applications[column.name].mask(random.random(900) < 0.1)
    policy = TrainPolicy(boosting_rounds=12, forest_trees=12, boosting_leaves=leaves, scaling=scaling)
    since = pd.Timestamp("2024-01-15").date() if is_marked else None
    candidate = fit_candidate(contract, kind, prepare(contract, applications), policy, since)
    middles = {
        column.name: float(applications[column.name].median())
        if column.type == "number"
        else applications[column.name].mode()[0]
        for column in contract.features
    }
    return contract, candidate.pipeline, middles


def draw_values(contract: Contract, random: np.random.Generator, rows: int, odd=ODD) -> dict[str, object]:
    """Columns with usual values, odd ones, missing ones and words that nobody knows."""
    usual = make_applications(contract, rows, seed=int(random.integers(1 << 30)))
    values: dict[str, object] = {}
    for column in contract.features:
        if column.type == "number":
            drawn = np.where(random.random(rows) < 0.3, random.choice(odd, rows), usual[column.name].to_numpy(float))
            values[column.name] = np.where(random.random(rows) < 0.2, np.nan, drawn)
        else:
            words = ["word 3", "word 69", "no such word", None, *(column.categories or ())]
            values[column.name] = [words[place] for place in random.integers(len(words), size=rows)]
    return values


def compare(contract, pipeline, middles, values) -> None:
    direct = DirectScorer(pipeline, middles, tuple(column.name for column in contract.features))
    frame = make_frame(contract, values)
    scores = direct.score(values)
    assert np.array_equal(scores, score_replaced(pipeline, frame, middles))
    assert np.array_equal(scores[0], score(pipeline, frame))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("shipped", {}),
        ("second", {}),
        ("other", {}),
        ("other", {"kind": Kind.RANDOM_FOREST}),
        pytest.param("shipped", {"kind": Kind.RANDOM_FOREST}, marks=pytest.mark.slow),
        pytest.param("other", {"scaling": "min_max"}, marks=pytest.mark.slow),
        pytest.param("other", {"scaling": "none", "leaves": 16}, marks=pytest.mark.slow),
        pytest.param("other", {"is_marked": True}, marks=pytest.mark.slow),
    ],
)
def test_random_applications_are_scored_as_the_batch_scores_them(name, options):
    contract, pipeline, middles = fit(name, **options)
    random = np.random.default_rng(11)
    for rows in (1, 2, 450):
        # scikit-learn's forests refuse what single precision does not hold.
        odd = USUAL_ODD if "kind" in options else ODD
        compare(contract, pipeline, middles, draw_values(contract, random, rows, odd))


def test_a_column_that_is_replaced_by_nothing_known_is_missing():
    contract, pipeline, middles = fit("other")
    nothing = {name: None if isinstance(value, str) else np.nan for name, value in middles.items()}
    compare(contract, pipeline, nothing, draw_values(contract, np.random.default_rng(5), 40))
    compare(contract, pipeline, middles | {"amount": 500.0}, draw_values(contract, np.random.default_rng(5), 40))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_json_is_scored_as_the_batch_scores_it(data):
    contract, pipeline, middles = fit("other")
    numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(ODD)
    words = (
        st.none() | st.sampled_from(["1", " 2.0", "true", "word 3", "WORD 69 "]) | st.text(max_size=5) | st.integers()
    )
    drawn = {column.name: numbers if column.type == "number" else words for column in contract.features}
    drawn["months"] = st.none() | st.integers(-(10**6), 10**20)
    sent = data.draw(st.lists(st.fixed_dictionaries(drawn), min_size=1, max_size=12))
    rows = RowReader(contract).read(json.loads(json.dumps(sent)))
    assert not rows.unread
    compare(contract, pipeline, middles, rows.columns)


@pytest.mark.slow
def test_a_model_of_another_form_is_no_arrays():
    sample = find_bundle().profile.decode(find_bundle().profile.codes[:20])
    middles = find_middles(find_bundle().profile)
    applications = make_applications(SHIPPED, 100)
    dummy = fit_without_skill(SHIPPED, TrainPolicy(), applications, np.ones(100))
    _, large, _ = fit("shipped", leaves=31)
    for model in (dummy, large, make_imported_bundle(SHIPPED, "joblib").scorer):
        with pytest.raises(UnknownStepError):
            lay_out(model, middles, sample)
    with pytest.raises(UnknownStepError, match="columns"):
        lay_out(find_bundle().scorer, middles, sample.drop(columns="term"))
    lay_out(find_bundle().scorer, middles, sample)


def test_arrays_that_give_other_numbers_are_not_used(monkeypatch):
    sample = find_bundle().profile.decode(find_bundle().profile.codes[:20])
    middles = find_middles(find_bundle().profile)
    monkeypatch.setattr("tasks.models.direct_scoring.expit", lambda odds: 1 / (1 + np.exp(-odds)) + 1e-16)
    with pytest.raises(UnknownStepError, match="other numbers"):
        lay_out(find_bundle().scorer, middles, sample)
