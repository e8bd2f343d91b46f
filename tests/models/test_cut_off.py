"""The cut-off: what states it, which side of it is given a loan, and that nothing changes where nothing states it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.policy import CutOffPolicy, PolicyError, load_policy
from tasks.foreign.model import ScoreColumn
from tasks.models.cut_off import CutOffError, find_cut_off, find_quantile, find_threshold, is_given, place_cut_off
from tasks.models.scoring import decide_loans
from tests.support.small_model import find_bundle

CONTRACT = load_contract("loan_applications")
NOTHING = CutOffPolicy()
SCORES = np.linspace(0.0, 0.99, 100)


def restate(
    contract: Contract = CONTRACT, *, bad: bool = False, points: str | None = None, **stated: object
) -> Contract:
    """The contract with a cut-off, a target that means a default, or a score in points."""
    described = contract.model_dump(by_alias=True, exclude={"file"}) | stated
    for column in described["column"]:
        if column["role"] == "target" and bad:
            column["positive_is"] = "bad"
    if points:
        described["column"] = (
            *described["column"],
            {"name": "points", "role": "score", "type": "number", "higher_is": points},
        )
    return Contract.model_validate(described)


def test_nothing_stated_is_one_half():
    cut_off = place_cut_off(CONTRACT, NOTHING, SCORES)
    assert (cut_off.threshold, cut_off.given, cut_off.source) == (0.5, 0.5, "the default")
    assert "0.5" in cut_off.sentence
    assert "50.0%" in cut_off.sentence


@pytest.mark.parametrize(
    ("stated", "policy", "threshold"),
    [
        ({"cut_off": 0.3}, NOTHING, 0.3),
        ({"approval_rate": 0.2}, NOTHING, 0.8),
        ({"cut_off": 0.3}, CutOffPolicy(probability=0.7), 0.7),  # the policy counts more
        ({"cut_off": 0.3}, CutOffPolicy(approval_rate=0.1), 0.9),
        ({"approval_rate": 0.2}, CutOffPolicy(probability=0.0), 0.0),  # zero is a statement, too
        ({"bad": True, "approval_rate": 0.2}, NOTHING, 0.2),  # the lowest fifth of the defaults' probabilities
        ({"bad": True, "cut_off": 0.05}, NOTHING, 0.05),
    ],
)
def test_contract_or_policy_states_it(stated, policy, threshold):
    contract = restate(**stated)
    assert place_cut_off(contract, policy, SCORES).threshold == pytest.approx(threshold)


@pytest.mark.parametrize("bad", [False, True])
@pytest.mark.parametrize("rate", [0.05, 0.37, 0.5, 0.9])
def test_the_approval_rate_is_the_share_that_is_given(bad, rate):
    scores = np.random.default_rng(3).beta(2, 5, 10_000)
    contract = restate(bad=bad, approval_rate=rate)
    cut_off = place_cut_off(contract, NOTHING, scores)
    assert cut_off.given == pytest.approx(rate, abs=1e-4)
    assert np.mean(is_given(contract, scores, cut_off.threshold)) == cut_off.given
    positive = decide_loans(contract, scores, cut_off.threshold) == contract.positive
    assert positive.mean() == pytest.approx(1 - rate if bad else rate, abs=1e-4)


def test_rows_without_a_score_are_neither_counted_nor_given():
    scores = np.array([0.1, np.nan, 0.9, np.nan])
    assert place_cut_off(CONTRACT, NOTHING, scores).given == 0.5
    assert is_given(CONTRACT, scores, 0.5).tolist() == [False, False, True, False]
    assert is_given(restate(bad=True), scores, 0.5).tolist() == [True, False, False, False]
    assert place_cut_off(CONTRACT, NOTHING, np.full(3, np.nan)).given is None
    assert find_quantile(np.full(3, np.nan), 0.3) == 0.5


def test_tied_scores_are_not_parted():
    tied = np.repeat([0.2, 0.6], [70, 30])
    for share, threshold, given in ((0.4, 0.6, 0.3), (0.6, 0.6, 0.3), (0.7, 0.2, 1.0), (0.1, 0.6000000000000001, 0.0)):
        assert find_quantile(tied, share) == pytest.approx(threshold)
        assert np.mean(tied >= find_quantile(tied, share)) == pytest.approx(given)


@pytest.mark.parametrize(
    ("points", "bad", "slope", "given"),
    [("better", False, 0.02, 51), ("better", True, -0.02, 51), ("worse", False, -0.02, 50), ("worse", True, 0.02, 50)],
)
def test_points_go_through_the_models_curve_and_count_with_the_higher_ones(points, bad, slope, given):
    contract = restate(bad=bad, points=points, cut_off=600)
    scorer = ScoreColumn("points", (-600 * slope + 0.3, slope), scale=(None, None))
    rows = pd.DataFrame({"points": np.arange(550.0, 651.0)})  # 50 below 600, 600 itself, 50 above
    scores = scorer.score(rows)
    threshold = place_cut_off(contract, NOTHING, scores, scorer).threshold
    mask = is_given(contract, scores, threshold)
    assert mask.sum() == given
    assert mask[50] == (points == "better")


def test_points_are_refused_for_a_model_that_has_none():
    contract, bundle = restate(points="better", cut_off=600), find_bundle()
    with pytest.raises(CutOffError, match=r"600 points, and this model gives probabilities.*`approval_rate`"):
        find_threshold(contract, NOTHING, bundle)
    assert find_threshold(contract, CutOffPolicy(probability=0.4), bundle) == 0.4
    after = replace(bundle, metrics=bundle.metrics | {"cut_off": {"given": 0.3}})  # it took over from one with points
    assert find_cut_off(contract, NOTHING, after).given == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("stated", [{"cut_off": 600}, {"cut_off": 0.3, "approval_rate": 0.4}, {"approval_rate": 1.0}])
def test_a_contract_states_one_and_in_its_scores_unit(stated):
    with pytest.raises(ValidationError, match=r"cut_off|approval_rate"):
        restate(**stated)


def test_a_policy_states_one(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text("[cut_off]\nprobability = 0.3\napproval_rate = 0.4\n")
    with pytest.raises(PolicyError, match="`probability` or `approval_rate`, not both"):
        load_policy(file)
    file.write_text("[cut_off]\napproval_rate = 0.4\n")
    assert load_policy(file).cut_off == CutOffPolicy(approval_rate=0.4)
