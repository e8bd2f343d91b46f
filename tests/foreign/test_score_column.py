"""The score column: points become probabilities, and what is no score is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tasks.contract.load import load_contract
from tasks.foreign.model import ScoreColumn
from tasks.foreign.score_column import ScoresError, fit_curve, fit_score_column, is_rising, make_score_column
from tests.support.scored_loans import SCORE, VERSION, write_contract

POINTS = SCORE + 'higher_is = "better"\nmin = 300\nmax = 850\nspecial = { "999" = "not scored" }\n'


def make_points(rows=4_000, seed=1):
    """Points of 300 to 850 and labels that follow them: log odds (points - 600) / 50."""
    random = np.random.default_rng(seed)
    points = random.normal(600, 60, rows).clip(300, 850)
    return points, (random.random(rows) < 1 / (1 + np.exp(-(points - 600) / 50))).astype(float)


def test_the_curve_is_that_of_the_labels():
    level, slope = fit_curve(*make_points(40_000), is_rising=True)
    assert slope == pytest.approx(1 / 50, rel=0.03)
    assert -level / slope == pytest.approx(600, abs=2)


def test_the_declared_direction_wins():
    points, labels = make_points()
    level, slope = fit_curve(points, labels, is_rising=False)
    assert slope < 0
    chances = 1 / (1 + np.exp(-(level + slope * points)))
    assert np.corrcoef(chances, labels)[0, 1] < 0  # and the checks say that it is the wrong one
    assert chances.mean() == pytest.approx(labels.mean(), abs=0.02)


def test_points_that_say_nothing_keep_their_order():
    points = np.tile([500.0, 700.0], 100)
    _, slope = fit_curve(points, np.repeat([0.0, 1.0], 100), is_rising=True)
    assert slope > 0
    assert np.isfinite(fit_curve(np.full(10, 600.0), np.tile([0.0, 1.0], 5), is_rising=True)).all()


@pytest.mark.parametrize(("higher_is", "positive_is", "rises"), [
    ("better", "good", True), ("worse", "good", False), ("better", "bad", False), ("worse", "bad", True),
])  # fmt: skip
def test_a_better_score_means_more_good_loans_or_fewer_bad_ones(tmp_path, higher_is, positive_is, rises):
    file = Path(write_contract(tmp_path, score=f'{SCORE}higher_is = "{higher_is}"\n'))
    written, stated = file.read_text(encoding="utf-8"), 'positive = "loan given"\n'
    file.write_text(written.replace(stated, f'{stated}positive_is = "{positive_is}"\n'), encoding="utf-8")
    assert is_rising(load_contract(str(file))) is rises


def test_a_probability_is_used_untouched_and_anything_else_is_none(tmp_path):
    contract = load_contract(write_contract(tmp_path))
    held = [0.0, 0.1 + 0.2, 1.0, 1.0000001, -0.1, np.inf, np.nan]
    scores = make_score_column(contract).score(pd.DataFrame({"own_score": held}))
    assert scores[:3].tolist() == held[:3]
    assert np.isnan(scores[3:]).all()


def test_special_values_points_off_the_scale_and_other_versions_are_no_scores(tmp_path):
    contract = load_contract(write_contract(tmp_path, score=POINTS, more=VERSION))
    points, labels = make_points(1_000)
    frame = pd.DataFrame({"own_score": points, "scored_by": "2"})
    frame.loc[0, "own_score"], frame.loc[1, "own_score"] = 999, 200
    frame.loc[2, "scored_by"], frame.loc[3, "scored_by"] = "1", None
    scorer = fit_score_column(contract, "2", frame, labels)
    scores = scorer.score(frame)
    assert np.isnan(scores[:4]).all()
    assert ((scores[4:] > 0) & (scores[4:] < 1)).all()
    assert ScoreColumn.from_record(json.loads(json.dumps(scorer.as_record()))) == scorer


def test_without_any_score_or_with_outcomes_of_one_kind_it_is_said_what_to_do(tmp_path):
    contract = load_contract(write_contract(tmp_path, score=POINTS))
    empty = pd.DataFrame({"own_score": [np.nan, 999.0]})
    with pytest.raises(ScoresError, match="scored_since"):
        fit_score_column(contract, None, empty, np.array([0.0, 1.0]))
    with pytest.raises(ScoresError, match="both outcomes"):
        fit_score_column(contract, None, pd.DataFrame({"own_score": [500.0, 600.0]}), np.array([1.0, np.nan]))
