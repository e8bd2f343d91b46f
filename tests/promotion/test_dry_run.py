"""The dry run's figures: known answers, and the model's probabilities beside the table's scores."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from tasks.contract.contract import Contract
from tasks.contract.load import load_contract
from tasks.core.windows import Window
from tasks.models.preprocess import Prepared
from tasks.promotion.dry_run import compare_with_table, measure_figures

DAYS = Window(date(2024, 7, 1), date(2024, 7, 31))
CONTRACT = load_contract("loan_applications")


def with_score(**options: object) -> Contract:
    described = CONTRACT.model_dump(by_alias=True, exclude={"file"})
    described["column"] = (*described["column"], {"name": "told", "role": "score", "type": "number", **options})
    return Contract.model_validate(described)


def prepare(told) -> Prepared:
    rows = len(told)
    return Prepared(pd.DataFrame({"told": told}), np.zeros(rows), np.zeros(rows, "datetime64[D]"), np.arange(rows))


def test_figures_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    labels = (rng.random(2_000) < 0.4).astype(float)
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    figures = measure_figures(CONTRACT, DAYS, labels, scores, 0.6)
    assert figures.auc == pytest.approx(roc_auc_score(labels, scores))
    assert figures.gini == pytest.approx(2 * roc_auc_score(labels, scores) - 1)
    false_rate, true_rate, _ = roc_curve(labels, scores, drop_intermediate=False)
    assert figures.ks == pytest.approx(np.max(true_rate - false_rate))
    assert figures.given == pytest.approx(np.mean(scores >= 0.6))
    assert (figures.rows, figures.decided) == (2_000, 2_000)


def test_rows_without_a_label_count_for_the_share_only():
    labels, scores = np.array([1.0, 0.0, np.nan, np.nan]), np.array([0.9, 0.1, 0.8, np.nan])
    figures = measure_figures(CONTRACT, DAYS, labels, scores, 0.5)
    assert (figures.rows, figures.decided, figures.auc, figures.ks) == (4, 2, 1.0, 1.0)
    assert figures.given == pytest.approx(2 / 3)
    undecided = measure_figures(CONTRACT, DAYS, np.full(4, np.nan), scores, 0.5)
    assert (undecided.decided, undecided.auc, undecided.ks, undecided.calibration_error) == (0, None, None, None)


def test_the_tables_probabilities_are_compared_where_both_are():
    scores = np.array([0.1, 0.4, 0.7, 0.9, np.nan, 0.5, 0.5])
    told = np.array([0.1, 0.4, 0.75, 0.9, 0.3, np.nan, 9999.0])
    beside = compare_with_table(with_score(special={"9999": "not scored"}), prepare(told), scores)
    assert beside is not None
    assert (beside.column, beside.rows) == ("told", 4)
    assert beside.largest == pytest.approx(0.05)
    assert beside.correlation == pytest.approx(np.corrcoef(told[:4], scores[:4])[0, 1])


def test_points_are_compared_by_their_order():
    scores = np.array([0.1, 0.4, 0.7, 0.9])
    beside = compare_with_table(with_score(higher_is="worse"), prepare([700.0, 640.0, 600.0, 590.0]), scores)
    assert beside is not None
    assert (beside.correlation, beside.largest) == (pytest.approx(-1), None)


def test_nothing_is_compared_without_scores_in_the_table():
    scores = np.array([0.1, 0.4, 0.7, 0.9])
    assert compare_with_table(CONTRACT, prepare(scores), scores) is None
    assert compare_with_table(with_score(), prepare([np.nan, np.nan, 0.2, 0.1]), scores) is None
    assert compare_with_table(with_score(), prepare([0.5] * 4), scores) is None
