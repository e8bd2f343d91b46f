"""Segments: every row is in one segment of each column; the worst comes first; a loss has to be proven."""

import numpy as np
import pandas as pd
import pytest

from tasks.core.policy import PromotionPolicy
from tasks.evaluation.segments import compare_segments, cut_segments, measure_segments
from tests.support.grouped_applications import CONTRACT, make_applications

POLICY = PromotionPolicy()


def draw_scores(rows, noise, seed):
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(99).normal(size=rows)
    labels = (truth + np.random.default_rng(98).normal(size=rows) > 0).astype(float)
    return labels, truth + noise * rng.normal(size=rows)


def test_every_row_is_in_exactly_one_segment_of_each_column():
    frame = make_applications()
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
    frame = make_applications()
    labels, scores = draw_scores(len(frame), 0.3, 5)
    is_b = (frame["word"] == "b").to_numpy()
    scores[is_b] = np.random.default_rng(6).normal(size=is_b.sum())
    worst = measure_segments(cut_segments(CONTRACT, frame), labels, scores, POLICY)[0]
    assert (worst.column, worst.segment) == ("word", "b")
    assert worst.low < 0.5 < worst.high


def test_a_loss_in_one_segment_is_proven_and_equal_models_prove_nothing():
    frame = make_applications()
    segments = cut_segments(CONTRACT, frame)
    labels, champion = draw_scores(len(frame), 0.3, 5)
    _, challenger = draw_scores(len(frame), 0.3, 6)
    assert not any(part.is_proven_worse for part in compare_segments(segments, labels, challenger, champion, POLICY))
    is_z = (frame["group"] == "z").to_numpy()
    challenger[is_z] = np.random.default_rng(6).normal(size=is_z.sum())
    worst = compare_segments(segments, labels, challenger, champion, POLICY)[0]
    assert (worst.column, worst.segment, worst.is_proven_worse) == ("group", "z", True)
    assert compare_segments(segments, labels, champion, champion, POLICY)[0].p_value == 1


@pytest.mark.slow
def test_segments_that_are_no_worse_than_allowed_hardly_ever_forbid_a_promotion():
    frame, forbidden = make_applications(), 0
    segments = cut_segments(CONTRACT, frame)
    for seed in range(100):
        labels, champion = draw_scores(len(frame), 0.5, 2 * seed)
        _, challenger = draw_scores(len(frame), 0.5, 2 * seed + 1)
        forbidden += compare_segments(segments, labels, challenger, champion, POLICY)[0].is_proven_worse
    assert forbidden <= 2
