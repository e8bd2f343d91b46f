"""How alike the rows of one day are: what is planted is found, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.statistics.day_likeness import NO_LIKENESS, DayLikeness, DaySpread, measure_spread, pair_days

DAYS, PER_DAY = 180, 50
NUMBERS = np.repeat(np.arange(DAYS), PER_DAY)


def draw(seed: int, by_day: np.ndarray | float = 0.0) -> np.ndarray:
    """A number for each row, of variance 1 within days."""
    random = np.random.default_rng(seed)
    values = random.standard_normal(len(NUMBERS)) + np.broadcast_to(by_day, DAYS)[NUMBERS]
    return values - values.mean()


def measure(values: np.ndarray, keys: np.ndarray | None = None) -> DayLikeness:
    return pair_days(NUMBERS, keys).measure_numbers(values)


def test_independent_rows_show_no_effect_of_days():
    found = [measure(draw(seed)) for seed in range(40)]
    assert sum(one != NO_LIKENESS for one in found) <= 4


@pytest.mark.parametrize("correlation", [0.01, 0.05])
def test_the_likeness_of_days_is_found(correlation):
    effects = np.random.default_rng(9).standard_normal(DAYS) * np.sqrt(correlation / (1 - correlation))
    found = np.mean([measure(draw(seed, effects)).day for seed in range(5)])
    assert found == pytest.approx(correlation, rel=0.35)


def test_what_weekdays_have_in_common_is_told_apart():
    weekend = 0.5 * np.isin(np.arange(DAYS) % 7, (5, 6))
    found = measure(draw(1, weekend))
    assert found.day < 0.01
    assert found.weekday == pytest.approx(np.var(weekend) / (1 + np.var(weekend)), rel=0.4)


@pytest.mark.parametrize("slow", [np.linspace(-0.4, 0.4, DAYS), np.repeat([0.0, 0.5], DAYS // 2)])
def test_a_slow_change_of_the_reference_is_no_effect_of_days(slow):
    # It would widen the errors by what has to be found.
    together = np.var(slow) / (1 + np.var(slow))
    assert measure(draw(2, slow)).day < 0.25 * together


def test_what_a_customer_has_in_common_is_not_the_days():
    customers = np.arange(len(NUMBERS)) // 2  # two rows each, of one day
    values = np.repeat(np.random.default_rng(3).standard_normal(len(NUMBERS) // 2), 2)
    assert measure(values - values.mean(), customers).day == 0
    assert measure(values - values.mean()).day > 0


def draw_close(seed: int, rows: int = 9_000) -> np.ndarray:
    """The numbers of customers who come four times within days; each row's day is its place in `NUMBERS`."""
    random = np.random.default_rng(seed)
    owner = np.repeat(np.arange(rows // 4), 4)
    days = np.mod(random.uniform(0, DAYS, rows // 4)[owner] + random.exponential(2.0, rows), DAYS)
    return random.standard_normal(rows // 4)[owner][np.argsort(days)]


def test_customers_who_come_back_within_days_are_alike_in_a_week():
    """Of each row's three others most lie within six days, and what they add is what customers add."""
    values = [draw_close(seed) for seed in range(10)]
    assert sum(measure(one).week > 0 for one in values) >= 5
    found = [pair_days(NUMBERS, None, has_weeks=True).measure_numbers(one) for one in values]
    spread = measure_spread(NUMBERS, np.full(7, 1 / 7))
    added = np.mean([len(NUMBERS) * one.share_variance(spread) for one in found])
    assert added == pytest.approx(3, rel=0.5)


def test_independent_rows_of_one_week_are_not_alike():
    assert sum(measure(draw(seed)).week > 0 for seed in range(100, 200)) <= 3


def test_levels_and_numbers_agree():
    effects = 0.3 * np.random.default_rng(4).standard_normal(DAYS)
    codes = (draw(4, effects) > 0).astype(np.int64)
    pairs = pair_days(NUMBERS, None)
    levels = pairs.measure_levels(codes, np.bincount(codes), is_ordered=True)
    assert levels.day == pytest.approx(pairs.measure_numbers(codes - codes.mean()).day)


def test_rows_without_a_value_do_not_count():
    effects = 0.4 * np.random.default_rng(5).standard_normal(DAYS)
    codes = (draw(5, effects) > 0).astype(np.int64)
    pairs, kept = pair_days(NUMBERS, None), np.random.default_rng(6).random(len(codes)) < 0.5
    part = pairs.measure_levels(np.where(kept, codes, -1), np.bincount(codes[kept]), is_ordered=False)
    assert part.day == pytest.approx(pairs.measure_levels(codes, np.bincount(codes), is_ordered=False).day, rel=0.5)


def test_a_few_days_say_nothing():
    assert pair_days(np.repeat(np.arange(13), 100), None) is None
    assert pair_days(np.repeat(np.arange(14), 100), None) is not None


def test_a_window_of_whole_weeks_has_the_weekdays_of_the_reference():
    usual = np.full(7, 1 / 7)
    weekend = measure_spread(np.repeat([5, 6], 100), usual)
    weeks = measure_spread(np.repeat(np.arange(14), 100), usual)
    assert weekend == DaySpread(pytest.approx(0.5, abs=0.01), pytest.approx(2 * (0.5 - 1 / 7) ** 2 + 5 / 49), 0.5)
    assert weeks == DaySpread(pytest.approx(1 / 14, abs=0.001), pytest.approx(0.0), pytest.approx(126 / 196))
