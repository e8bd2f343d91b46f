"""All numbers of a window: rows without a score or a label are left out, and the record keeps to its schema."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pandas as pd
import pytest

from tasks.bank.basis import describe_basis
from tasks.bank.meaning import read_meanings
from tasks.bank.numbers import measure_bank_numbers
from tasks.bank.score_bands import find_own_lines
from tasks.contract.columns import Column, Role
from tasks.contract.contract import Contract
from tasks.contract.lender_model import Profit
from tasks.contract.load import load_contract
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.comparison import Comparison
from tasks.extract.labels import read_labels
from tasks.foreign.model import ScoreColumn
from tasks.profile.profile import fit_profile
from tests.support import ROOT
from tests.support.card_frames import make_frame, score
from tests.support.second_lender import CONTRACT

SCHEMA = json.loads((ROOT / "docs" / "summary.schema.json").read_text(encoding="utf-8"))
PROFIT = Profit(gain=100, loss=400, unit="EUR")


def change(contract: Contract, **changes: object) -> Contract:
    """The contract with other fields, checked anew."""
    return Contract.model_validate({**contract.model_dump(by_alias=True), **changes})


def make_window(contract: Contract, frame: pd.DataFrame) -> ScoredWindow:
    return ScoredWindow(frame, read_labels(contract, frame), score(frame))


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract(CONTRACT).model_copy(update={"profit": PROFIT})


@pytest.fixture(scope="module")
def measured(contract) -> Comparison:
    profile = fit_profile(contract, make_window(contract, make_frame(1, 3000)), origin="holdout", seed=0)
    window = make_window(contract, make_frame(2))
    return Comparison(profile, window, DriftPolicy())


def check_record(numbers) -> dict:
    record = json.loads(json.dumps(numbers.as_record(), allow_nan=False))
    jsonschema.validate(record, {**SCHEMA["properties"]["bank"], "$schema": SCHEMA["$schema"]})
    return record


def test_the_record_keeps_to_its_schema(contract, measured):
    record = check_record(measure_bank_numbers(contract, measured, 0.5))
    assert [one["key"] for one in record["headlines"]] == ["psi", "csi", "ks", "gini", "profit"]
    assert record["attribution"]["window_rows"] == 1500
    assert record["basis"] == "All 1,500 applications of the window have a score and a known outcome."


def test_the_reference_against_itself_shows_nothing(contract, measured):
    frame = make_frame(1, 3000)
    window = make_window(contract, frame)
    numbers = measure_bank_numbers(contract, Comparison(measured.profile, window, DriftPolicy()), 0.5)
    assert numbers.psi.value == 0
    assert all(column.value == 0 for column in numbers.columns)
    assert numbers.reference == numbers.window
    assert numbers.good.reference == numbers.good.window
    assert all(band.reference == band.window for band in numbers.bands)
    assert numbers.reference_profit == numbers.window_profit


def test_a_change_is_not_split_by_more_groups_than_rows(contract, measured):
    """A table of a thousand columns: the regression would fit any labels, and take minutes."""
    profile, times = measured.profile, 200
    wide = replace(profile, columns=profile.columns * times, counts=profile.counts * times)
    wide = replace(wide, codes=np.tile(profile.codes, times), likeness=profile.likeness * times)
    numbers = measure_bank_numbers(contract, Comparison(wide, measured.observed, DriftPolicy()), 0.5)
    assert check_record(numbers)["attribution"] is None
    assert check_record(measure_bank_numbers(contract, measured, 0.5))["attribution"] is not None


def test_rows_without_score_or_label_are_left_out_and_counted(contract, measured):
    observed = measured.observed
    scores, labels = observed.scores.copy(), observed.labels.copy()
    scores[:100], labels[50:300] = np.nan, np.nan
    holes = replace(measured, observed=replace(observed, scores=scores, labels=labels))
    numbers = measure_bank_numbers(contract, holes, 0.5)
    record = check_record(numbers)
    assert numbers.window.ks_rows == numbers.window.gini_rows == numbers.window_profit.rows == 1200
    assert (numbers.psi.window_rows, numbers.psi.bins, numbers.bad.window_rows) == (1500, 11, 1200)
    assert sum(band.window.rows for band in numbers.bands) == 1400
    assert "1,200 of the window's 1,500" in record["basis"]
    assert "100 have no score" in record["basis"]
    kept = np.flatnonzero(~np.isnan(scores) & ~np.isnan(labels))
    rest = ScoredWindow(observed.applications.iloc[kept].reset_index(drop=True), labels[kept], scores[kept])
    alone = measure_bank_numbers(contract, Comparison(measured.profile, rest, DriftPolicy()), 0.5)
    assert (alone.window, alone.good, alone.attribution) == (numbers.window, numbers.good, numbers.attribution)


def test_without_labels_only_the_scores_and_columns_are_compared(contract, measured):
    undecided = replace(measured, observed=replace(measured.observed, labels=np.full(1500, np.nan)))
    numbers = measure_bank_numbers(contract, undecided, 0.5)
    record = check_record(numbers)
    assert (numbers.window, numbers.attribution, numbers.window_profit) == (None, None, None)
    assert [one["key"] for one in record["headlines"]] == ["psi", "csi", "ks", "gini"]
    assert numbers.as_history()["window"] is None


def test_a_window_without_any_score(contract, measured):
    numbers = measure_bank_numbers(
        contract, replace(measured, observed=replace(measured.observed, scores=np.full(1500, np.nan))), 0.5
    )
    check_record(numbers)
    assert numbers.psi.value > 5


def test_bands_may_be_the_lenders_own(contract, measured):
    own = contract.model_copy(update={"score_bands": (0.2, 0.6)})
    numbers = measure_bank_numbers(own, measured, 0.5, find_own_lines(own, ScoreColumn("x")))
    assert [band.low for band in numbers.bands] == [None, 0.2, 0.6]
    check_record(numbers)


def test_bands_in_points_become_probabilities_by_the_models_curve(contract):
    column = Column(name="points", role=Role.SCORE, type="number", higher_is="better")
    own = change(contract, column=(*contract.columns, column), score_bands=(400.0, 600.0))
    lines = find_own_lines(own, ScoreColumn("points", (5.0, -0.01)))
    assert lines == pytest.approx([1 / (1 + np.exp(1)), 1 / (1 + np.exp(-1))])
    assert not len(find_own_lines(own, ScoreColumn("points")))


@pytest.mark.parametrize(("bands", "is_fine"), [([0.1, 0.5], True), ([0.5, 0.1], False), ([0.5, 0.5], False)])
def test_own_bands_ascend(contract, bands, is_fine):
    if is_fine:
        assert change(contract, score_bands=bands).score_bands == tuple(bands)
    else:
        with pytest.raises(ValueError, match="must ascend"):
            change(contract, score_bands=bands)


def test_where_refused_loans_have_no_outcome_that_is_said(contract, measured):
    column = Column(name="decided", role=Role.DECISION, type="category", allowed=("no", "yes"), positive="yes")
    own = change(contract, column=(*contract.columns, column))
    words = np.where(np.arange(1500) < 500, "no", "yes")
    frame = measured.observed.applications.assign(decided=words)
    labels = np.where(np.arange(1500) < 500, np.nan, measured.observed.labels)
    said = describe_basis(own, replace(measured.observed, applications=frame, labels=labels))
    assert "1,000 of the window's 1,500 applications have a score and a known outcome." in said
    assert "500 were not given a loan and have no outcome; nothing is assumed" in said


def test_every_number_has_its_meaning():
    for key, meaning in read_meanings().items():
        assert meaning.says.count(".") - meaning.says.count("0.") == 1, key
        assert meaning.source, key
        assert [least for least, _ in meaning.bands] == sorted(least for least, _ in meaning.bands)
    psi = read_meanings()["psi"]
    assert [psi.name_band(value) for value in (0.0, 0.0999, 0.10, 0.25, None)] == [
        "stable", "stable", "some change", "large change", "",
    ]  # fmt: skip
