"""Segments: every row is in one segment of each column; the worst comes first; a loss has to be proven."""

import numpy as np
import pandas as pd
import pytest

from tasks.contract.contract import Contract
from tasks.core.policy import PromotionPolicy
from tasks.evaluation.approval_by_group import measure_approval
from tasks.evaluation.calibration import measure_calibration_error, measure_reliability
from tasks.evaluation.performance import measure_intervals
from tasks.evaluation.segments import compare_segments, cut_segments, measure_segments

POLICY = PromotionPolicy()
CONTRACT = Contract.model_validate(
    {
        "name": "small",
        "query": "loan_applications.sql",
        "column": [
            {"name": "id", "role": "id", "type": "text"},
            {"name": "at", "role": "time", "type": "time"},
            {"name": "y", "role": "target", "type": "category", "allowed": ["no", "yes"], "positive": "yes"},
            {"name": "word", "role": "feature", "type": "category"},
            {"name": "size", "role": "feature", "type": "number", "special": {"999": "not stated"}},
            {"name": "group", "role": "protected", "type": "category"},
        ],
    }
)


def make(rows=4000, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "word": pd.Categorical(rng.choice(["a", "b", None], rows, p=[0.5, 0.4, 0.1])),
            "size": rng.choice([1.0, 2.0, 3.0, 4.0, 5.0, 999.0, np.nan], rows),
            "group": pd.Categorical(rng.choice(["x", "z"], rows, p=[0.7, 0.3])),
        }
    )


def draw_scores(rows, noise, seed):
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(99).normal(size=rows)
    labels = (truth + np.random.default_rng(98).normal(size=rows) > 0).astype(float)
    return labels, truth + noise * rng.normal(size=rows)


def test_every_row_is_in_exactly_one_segment_of_each_column():
    frame = make()
    segments = cut_segments(CONTRACT, frame)
    for column in ("word", "size", "group"):
        masks = [part.rows for part in segments if part.column == column]
        np.testing.assert_array_equal(np.sum(masks, axis=0), np.ones(len(frame)))
    assert {part.name for part in segments if part.column == "word"} == {"a", "b", "missing"}
    sizes = {part.name: part.rows for part in segments if part.column == "size"}
    np.testing.assert_array_equal(sizes["missing"], frame["size"].isna() | (frame["size"] == 999))


@pytest.mark.parametrize("values", [[np.nan] * 9, [3.0] * 9, [0.0] * 8 + [1.0], [999.0] * 9])
def test_columns_with_hardly_a_value_are_cut_too(values):
    segments = cut_segments(CONTRACT, pd.DataFrame({"size": values}))
    np.testing.assert_array_equal(np.sum([part.rows for part in segments], axis=0), np.ones(9))


def test_the_segment_without_a_signal_is_the_worst():
    frame = make()
    labels, scores = draw_scores(len(frame), 0.3, 5)
    is_b = (frame["word"] == "b").to_numpy()
    scores[is_b] = np.random.default_rng(6).normal(size=is_b.sum())
    worst = measure_segments(cut_segments(CONTRACT, frame), labels, scores, POLICY)[0]
    assert (worst.column, worst.segment) == ("word", "b")
    assert worst.low < 0.5 < worst.high


def test_a_loss_in_one_segment_is_proven_and_equal_models_prove_nothing():
    frame = make()
    segments = cut_segments(CONTRACT, frame)
    labels, champion = draw_scores(len(frame), 0.3, 5)
    _, challenger = draw_scores(len(frame), 0.3, 6)
    assert not any(part.is_proven_worse for part in compare_segments(segments, labels, challenger, champion, POLICY))
    is_z = (frame["group"] == "z").to_numpy()
    challenger[is_z] = np.random.default_rng(6).normal(size=is_z.sum())
    worst = compare_segments(segments, labels, challenger, champion, POLICY)[0]
    assert (worst.column, worst.segment, worst.is_proven_worse) == ("group", "z", True)
    assert compare_segments(segments, labels, champion, champion, POLICY)[0].p_value == 1


def test_segments_that_are_no_worse_than_allowed_hardly_ever_forbid_a_promotion():
    frame, forbidden = make(), 0
    segments = cut_segments(CONTRACT, frame)
    for seed in range(100):
        labels, champion = draw_scores(len(frame), 0.5, 2 * seed)
        _, challenger = draw_scores(len(frame), 0.5, 2 * seed + 1)
        forbidden += compare_segments(segments, labels, challenger, champion, POLICY)[0].is_proven_worse
    assert forbidden <= 2


def test_approval_is_told_by_group_with_the_ratio_to_the_largest():
    frame = make()
    is_z = (frame["group"] == "z").to_numpy()
    given = np.random.default_rng(3).random(len(frame)) < np.where(is_z, 0.4, 0.8)
    told = {part.group: part for part in measure_approval(CONTRACT, frame, {"the model": given}, 0.98)}
    assert (told["x"].ratio, told["x"].low, told["x"].high) == (1, 1, 1)
    assert told["z"].low < 0.5 < told["z"].high
    assert 0.4 < told["z"].low < told["z"].high < 0.6
    assert not measure_approval(CONTRACT, frame.drop(columns="group"), {"the model": given}, 0.98)


def test_reliability_of_honest_and_of_boastful_scores():
    rng = np.random.default_rng(4)
    scores = rng.random(20_000)
    labels = (rng.random(20_000) < scores).astype(float)
    honest = measure_reliability(labels, scores, 0.98)
    assert measure_calibration_error(honest) < 0.01
    assert sum(band.low <= band.predicted <= band.high for band in honest) >= 9
    assert measure_calibration_error(measure_reliability(labels, scores**3, 0.98)) > 0.15
    assert measure_calibration_error([]) == 0


def test_equal_scores_share_a_band_in_any_order_of_the_rows():
    rng = np.random.default_rng(5)
    scores = np.repeat([0.2, 0.5, 0.9], [700, 200, 100])
    labels = (rng.random(1_000) < scores).astype(float)
    order = rng.permutation(1_000)
    bands = measure_reliability(labels, scores, 0.98)
    assert [(band.rows, round(band.predicted, 9)) for band in bands] == [(700, 0.2), (200, 0.5), (100, 0.9)]
    assert [band.observed for band in bands] == [labels[scores == score].mean() for score in (0.2, 0.5, 0.9)]
    shuffled = measure_reliability(labels[order], scores[order], 0.98)
    assert [(band.rows, band.observed) for band in shuffled] == [(band.rows, band.observed) for band in bands]
    assert measure_reliability(labels[:0], scores[:0], 0.98) == []


def test_wilsons_interval_is_the_published_one():
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, and 0 of 20."""
    for positive, rows, interval in ((81, 263, (0.2553, 0.3662)), (0, 20, (0.0, 0.1611))):
        (band,) = measure_reliability(np.arange(rows) < positive, np.full(rows, 0.5), 0.95, bands=1)
        assert (band.low, band.high) == pytest.approx(interval, abs=5e-5)


def test_intervals_hold_the_true_figures_as_often_as_they_say():
    truth = {"accuracy": 0.75, "precision": 0.75, "recall": 0.75, "f1": 0.75, "brier": 1 / 6, "auc": 5 / 6}
    rng, held = np.random.default_rng(8), dict.fromkeys(truth, 0)
    for _ in range(400):
        scores = rng.random(500)
        labels = (rng.random(500) < scores).astype(float)
        for name, (low, high) in measure_intervals(labels, scores, 0.5, 0.95).items():
            held[name] += low <= truth[name] <= high
    assert all(0.92 < count / 400 < 0.98 for count in held.values()), held
