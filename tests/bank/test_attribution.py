"""Attribution: the parts add up, are known where they were planted, and their errors are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.planted_shift import SHIFTS, draw_shift, find_truth, fit_model
from tasks.bank.attribution import Decided, attribute_change
from tasks.bank.expected_rank import expect_rank
from tasks.statistics.auc import expect_auc, find_influence, measure_auc
from tasks.statistics.clusters import find_clusters

ROWS, WITHIN, LEAST_PART = 10_000, 0.2, 0.03
BY_NAME = {shift.name: shift for shift in SHIFTS}


def split(drawn):
    found = attribute_change(drawn.profile.columns, drawn.profile.counts, drawn.reference, drawn.window)
    return np.array([found.rate.mix.value, found.rate.rule.value, found.auc.mix.value, found.auc.rule.value]), found


def check_shift(shift, seeds):
    score = fit_model(shift.hidden)
    truth = find_truth(shift, score).as_array()
    parts = np.array([split(draw_shift(shift, score, seed, ROWS))[0] for seed in seeds])
    large = np.abs(truth) >= LEAST_PART
    assert large.any()
    missed = np.median(np.abs(parts - truth), axis=0)
    assert np.all(missed[large] <= WITHIN * np.abs(truth[large])), (truth, parts)
    # What was not planted is small.
    assert np.all(np.abs(parts.mean(axis=0) - truth)[~large] < 0.02)


@pytest.mark.slow
def test_planted_parts_are_told():
    check_shift(BY_NAME["higher debts and another rule"], range(500, 503))


@pytest.mark.slow
@pytest.mark.parametrize("shift", SHIFTS, ids=lambda shift: shift.name)
def test_all_planted_parts_are_told(shift):
    check_shift(shift, range(600, 607))


@pytest.fixture(scope="module")
def drawn():
    shift = BY_NAME["higher debts and another rule"]
    return draw_shift(shift, fit_model(()), 3, 3000)


def test_parts_add_up_and_totals_are_those_of_the_labels(drawn):
    _, found = split(drawn)
    for part in (found.rate, found.auc):
        assert part.total.value == pytest.approx(part.mix.value + part.rule.value)
        assert part.total.value == pytest.approx(part.window - part.reference)
    before, now = drawn.reference, drawn.window
    areas = [measure_auc(side.labels, side.scores) for side in (before, now)]
    assert found.auc.total.value == pytest.approx(areas[1].value - areas[0].value)
    assert found.auc.total.error == pytest.approx(np.sqrt(areas[0].variance + areas[1].variance), rel=0.01)
    rates = [side.labels.mean() * (1 - side.labels.mean()) / len(side.labels) for side in (before, now)]
    assert found.rate.total.error == pytest.approx(np.sqrt(sum(rates)))


def test_the_same_rows_have_no_change(drawn):
    same = attribute_change(drawn.profile.columns, drawn.profile.counts, drawn.reference, drawn.reference)
    for part in (same.rate.mix, same.rate.rule, same.auc.mix, same.auc.rule):
        assert part.value == pytest.approx(0, abs=1e-4)
    assert same.unlike_rows < len(drawn.reference.labels) / 5


def test_the_order_of_rows_means_nothing(drawn):
    order = np.random.default_rng(0).permutation(len(drawn.window.labels))
    window = Decided(drawn.window.codes[order], drawn.window.labels[order], drawn.window.scores[order])
    shuffled = attribute_change(drawn.profile.columns, drawn.profile.counts, drawn.reference, window)
    assert shuffled.auc.mix.value == pytest.approx(split(drawn)[1].auc.mix.value)
    assert shuffled.rate.rule.error == pytest.approx(split(drawn)[1].rate.rule.error)


def test_rows_of_one_customer_make_the_errors_larger(drawn):
    reference = drawn.reference
    twice = Decided(*(np.repeat(held, 2, axis=0) for held in (reference.codes, reference.labels, reference.scores)))
    keys = np.repeat(np.arange(len(reference.labels)), 2)
    together = Decided(twice.codes, twice.labels, twice.scores, find_clusters(keys))
    arguments = drawn.profile.columns, drawn.profile.counts
    plain, joined, once = (attribute_change(*arguments, side, drawn.window) for side in (twice, together, reference))
    assert joined.rate.mix.error > 1.2 * plain.rate.mix.error
    assert joined.rate.mix.error == pytest.approx(once.rate.mix.error, rel=0.02)


@pytest.mark.slow
def test_standard_errors_are_those_of_repeated_draws():
    shift = BY_NAME["higher debts and another rule"]
    score = fit_model(())
    found = [split(draw_shift(shift, score, seed, 1500))[1] for seed in range(700, 730)]
    for name in ("rate", "auc"):
        for part in ("mix", "rule", "total"):
            held = [getattr(getattr(one, name), part) for one in found]
            spread = np.std([one.value for one in held], ddof=1)
            # The standard deviation of 30 values is itself known to 13 %.
            assert np.mean([one.error for one in held]) == pytest.approx(spread, rel=0.4), (name, part)


def test_too_few_of_one_label_are_not_split(drawn):
    window = Decided(drawn.window.codes[:50], np.r_[np.ones(10), np.zeros(40)], drawn.window.scores[:50])
    assert attribute_change(drawn.profile.columns, drawn.profile.counts, drawn.reference, window) is None


def test_expected_rank_is_that_of_counted_chances_and_of_delong():
    random = np.random.default_rng(2)
    chances, scores = random.random(200), np.round(random.random(200), 1)
    found = expect_rank(chances, scores)
    assert found.value == pytest.approx(expect_auc(chances, scores))
    assert found.by_row.sum() == pytest.approx(0)
    labels = (random.random(200) < chances).astype(float)
    assert expect_rank(labels, scores).by_row == pytest.approx(find_influence(labels, scores))
    moved = chances.copy()
    moved[17] += 1e-6
    slope = (expect_rank(moved, scores).value - found.value) / 1e-6
    assert found.by_chance[17] == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("rows", [60, 400])
def test_labels_that_the_score_separates_and_columns_that_say_the_same_are_split_too(drawn, rows):
    codes = np.repeat(drawn.reference.codes[:rows, :1], drawn.reference.codes.shape[1], axis=1)
    codes = np.minimum(codes, [bins.levels for bins in drawn.profile.columns]).astype(np.int32)
    scores = np.linspace(0, 1, rows)
    side = Decided(codes, (scores > 0.5).astype(float), scores)
    found = attribute_change(drawn.profile.columns, drawn.profile.counts, side, side)
    values = [part.value for change in (found.rate, found.auc) for part in (change.total, change.mix, change.rule)]
    errors = [part.error for change in (found.rate, found.auc) for part in (change.total, change.mix, change.rule)]
    assert values == pytest.approx([0] * 6, abs=1e-3)
    assert np.isfinite(errors).all()
