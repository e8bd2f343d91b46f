"""Change points: intervals hold the day as often as they promise; a steady window and a trend have no day."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from tasks.statistics.change_point import find_change_point
from tasks.statistics.daily_series import DailySeries

ERROR, DAYS, REFERENCE = 0.05, 31, 12_000


def draw(seed: int, chances: np.ndarray, rows: float, day_effect: float = 0.0, before: float = 0.3) -> DailySeries:
    """A window of days with such chances, and a reference; the log odds of a day may vary, of the reference's too."""
    random = np.random.default_rng(seed)
    counts = random.poisson(rows, len(chances))
    odds = logit(chances) + day_effect * random.standard_normal(len(chances))
    reference = random.binomial(REFERENCE // 180, expit(logit(before) + day_effect * random.standard_normal(180)))
    held = counts > 0
    hits = random.binomial(counts, expit(odds))
    return DailySeries(counts[held].astype(float), hits[held].astype(float), (REFERENCE, float(reference.sum())))


def step(place: int, before: float = 0.3, after: float = 0.45, days: int = DAYS) -> np.ndarray:
    return np.where(np.arange(days) < place, before, after)


@pytest.mark.parametrize("day_effect", [0.0, 0.3])
@pytest.mark.parametrize(("place", "after", "rows"), [(15, 0.45, 65), (15, 0.40, 65), (5, 0.40, 33), (20, 0.40, 300)])
def test_the_interval_holds_the_day_as_often_as_it_promises(place, after, rows, day_effect):
    """Of 2,000 series of each kind 94 % to 98 % do."""
    found = [find_change_point(draw(seed, step(place, after=after), rows, day_effect), ERROR) for seed in range(400)]
    held = np.mean([one.earliest <= place <= one.latest for one in found])
    assert 0.92 <= held <= 0.995
    assert np.median([abs(one.place - place) for one in found]) <= 2
    assert np.mean([one.is_single for one in found]) >= 1 - ERROR


def test_a_clear_change_is_dated_to_the_day():
    found = [find_change_point(draw(seed, step(12, after=0.6), 65), ERROR) for seed in range(50)]
    assert np.mean([(one.earliest, one.place, one.latest) == (12, 12, 12) for one in found]) > 0.8
    assert np.mean([one.level for one in found]) == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize("day_effect", [0.0, 0.3])
def test_a_window_of_one_level_is_not_dated_inside(day_effect):
    found = [find_change_point(draw(seed, step(0, after=0.38), 65, day_effect), ERROR) for seed in range(400)]
    assert np.mean([one.earliest > 0 for one in found]) <= ERROR
    assert np.mean([one.is_single for one in found]) >= 1 - ERROR


def test_days_that_vary_widen_the_interval():
    spans, dispersions = [], []
    for day_effect in (0.0, 0.4):
        found = [find_change_point(draw(seed, step(15), 300, day_effect), ERROR) for seed in range(100)]
        spans.append(np.mean([one.latest - one.earliest for one in found]))
        dispersions.append(np.median([one.dispersion for one in found]))
    assert spans[1] > 3 * spans[0]
    assert dispersions[0] < 1.5
    assert dispersions[1] > 5


def test_a_reference_of_few_rows_is_known_badly():
    sums, rows = np.array([10.0, 12, 9, 11, 20, 19, 21, 18, 22, 20]), np.full(10, 50.0)
    sure, unsure = (find_change_point(DailySeries(rows, sums, (n, 0.2 * n)), ERROR) for n in (10_000, 10))
    assert sure.place == unsure.place == 4
    low = DailySeries(rows, np.full(10, 20.0), (10_000, 2_000.0)), DailySeries(rows, np.full(10, 20.0), (10.0, 2.0))
    assert [find_change_point(one, ERROR).latest for one in low] == [0, 9]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("a trend over the whole window", np.linspace(0, 1, DAYS)),
        ("back after ten days", np.where((np.arange(DAYS) >= 10) & (np.arange(DAYS) < 20), 1, 0)),
        ("only the first five days", np.where(np.arange(DAYS) < 5, 1, 0)),
        ("two steps of equal size", np.where(np.arange(DAYS) < 10, 0, np.where(np.arange(DAYS) < 20, 0.5, 1))),
    ],
)
def test_what_is_no_single_step_is_told(name, shape):
    found = [find_change_point(draw(seed, 0.3 + 0.3 * shape, 200), ERROR).is_single for seed in range(40)]
    assert np.mean(found) <= 0.1, name


def test_a_small_offset_before_a_large_step_is_no_second_step():
    chances = np.where(np.arange(DAYS) < 15, 0.31, 0.5)
    found = [find_change_point(draw(seed, chances, 1_000), ERROR) for seed in range(40)]
    assert np.mean([one.is_single for one in found]) > 0.9
    assert {one.place for one in found} == {15}


def test_what_the_reference_never_had_is_dated_by_its_first_occurrence():
    random = np.random.default_rng(1)
    hits = np.where(np.arange(DAYS) < 9, 0, random.binomial(65, 0.06, DAYS)).astype(float)
    found = find_change_point(DailySeries(np.full(DAYS, 65.0), hits, (REFERENCE, 0.0)), ERROR)
    first = int(np.flatnonzero(hits)[0])
    assert found.place == found.latest == first


def test_numbers_of_known_variance_are_dated_as_shares_are():
    series = draw(1, step(15, after=0.5), 65)
    as_numbers = DailySeries(series.rows, series.sums, series.reference, variance=0.23)
    shares, numbers = find_change_point(series, ERROR), find_change_point(as_numbers, ERROR)
    assert shares.place == numbers.place == 15
    assert shares.level == numbers.level


@pytest.mark.parametrize("days", [1, 2, 3, 6])
def test_few_days_are_no_error(days):
    found = find_change_point(draw(1, step(days // 2, after=0.6, days=days), 65), ERROR)
    assert 0 <= found.earliest <= found.place <= found.latest < days
