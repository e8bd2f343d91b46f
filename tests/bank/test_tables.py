"""Score bands, swap set and profit, for both orientations and with rows that lack a score or an outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy

from tasks.bank.contest import compare_in_banks_terms
from tasks.bank.profit import measure_profit
from tasks.bank.score_bands import tabulate_bands
from tasks.bank.sides import Side
from tasks.bank.stability import find_lines
from tasks.bank.swap_set import SwapGroup, _compare, _count, choose_best, find_swap_set
from tasks.contract.lender_model import Profit
from tasks.contract.load import load_contract
from tasks.core.loan_rule import LoanRule
from tests.support.second_lender import CONTRACT

GOOD, BAD = LoanRule(0.5, is_positive_good=True), LoanRule(0.5, is_positive_good=False)


def draw(seed: int, rows: int = 2000) -> Side:
    random = np.random.default_rng(seed)
    scores = random.beta(2, 2, rows)
    labels = (random.random(rows) < scores).astype(float)
    labels[random.random(rows) < 0.1] = np.nan
    scores[random.random(rows) < 0.05] = np.nan
    return Side(labels, scores)


def test_bands_are_those_of_pandas():
    before, now = draw(1), draw(2)
    lines = find_lines(before.scored)
    bands = tabulate_bands(before, now, lines, GOOD)
    assert (len(bands), bands[0].low, bands[-1].high) == (10, None, None)
    for side, name in ((before, "reference"), (now, "window")):
        table = pd.DataFrame({"score": side.scores, "label": side.labels}).dropna(subset="score")
        cut = pd.cut(table.score, [-np.inf, *lines, np.inf], right=False)
        grouped = table.groupby(cut, observed=False).label
        held = [getattr(band, name) for band in bands]
        assert [band.rows for band in held] == grouped.size().tolist()
        assert [band.decided for band in held] == grouped.count().tolist()
        assert [band.positive_rate for band in held] == pytest.approx(grouped.mean().tolist())
        assert sum(band.share for band in held) == pytest.approx(1)
        good = grouped.sum()
        assert [band.odds for band in held] == pytest.approx((good / (grouped.count() - good)).tolist())


def test_where_the_positive_label_is_bad_the_worst_have_the_highest_scores():
    before, now = draw(1), draw(2)
    lines = find_lines(before.scored)
    good, bad = (tabulate_bands(before, now, lines, rule) for rule in (GOOD, BAD))
    assert bad[0].low == good[-1].low
    assert bad[0].window.odds == pytest.approx(1 / good[-1].window.odds)


def test_a_band_without_bad_ones_has_no_odds():
    side = Side(np.array([1.0, 1.0, np.nan]), np.array([0.2, 0.3, 0.9]))
    first, second = tabulate_bands(side, side, np.array([0.5]), GOOD)
    assert (first.reference.odds, second.reference.positive_rate, second.reference.rows) == (None, None, 1)


def test_swap_set_by_hand():
    labels = np.array([1, 1, 0, 0, 1, 0, 1, np.nan])
    champion = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.95])
    challenger = np.array([0.9, 0.2, 0.1, 0.8, 0.7, 0.3, 0.6, 0.95])
    swap = find_swap_set(labels, champion, challenger, GOOD, 0.95)
    assert (swap.rows, swap.champion_rate, swap.challenger_rate) == (7, 4 / 7, 4 / 7)
    assert (swap.newly_given.rows, swap.newly_given.good) == (2, 2)
    assert (swap.newly_refused.rows, swap.newly_refused.good) == (2, 1)
    assert (swap.both_given.rows, swap.both_refused.rows, swap.difference) == (2, 1, 0.5)


def test_swap_set_of_defaults_is_that_of_repayments():
    random = np.random.default_rng(3)
    champion, challenger = random.random((2, 500))
    labels = (random.random(500) < champion).astype(float)
    good = find_swap_set(labels, champion, challenger, GOOD, 0.95)
    bad = find_swap_set(1 - labels, 1 - champion, 1 - challenger, BAD, 0.95)
    assert good == bad
    order = random.permutation(500)
    assert find_swap_set(labels[order], champion[order], challenger[order], GOOD, 0.95) == good


def test_the_same_model_swaps_nobody():
    side = draw(5)
    swap = find_swap_set(side.labels, side.scores, side.scores, GOOD, 0.95)
    assert (swap.newly_given.rows, swap.newly_refused.rows, swap.difference) == (0, 0, None)
    assert find_swap_set(np.full(3, np.nan), np.ones(3), np.ones(3), GOOD, 0.95) is None


def test_intervals_are_the_published_ones():
    # Newcombe, Statistics in Medicine 17 (1998): Wilson's of 81/263; and of 56/70 − 48/80 by method 10.
    group = _count(np.arange(263) < 81, 0.95)
    assert (group.low, group.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    one, other = _count(np.arange(70) < 56, 0.95), _count(np.arange(80) < 48, 0.95)
    assert _compare(one, other) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert _compare(one, SwapGroup(0, 0, None, None, None)) == (None, None, None)


@pytest.mark.parametrize(("count", "chosen"), [(0, 0), (1, 1), (2, 1), (3, 4), (4, 4), (5, 5)])
def test_equal_ones_are_taken_or_left_together(count, chosen):
    assert choose_best(np.array([5.0, 4, 4, 4, 1]), count).sum() == chosen


@pytest.mark.parametrize("rule", [GOOD, BAD])
def test_profit_is_a_sum_of_gains_and_losses(rule):
    side = draw(7)
    found = measure_profit(side, rule, Profit(gain=100, loss=900, unit="EUR"), 0.95)
    table = pd.DataFrame({"label": side.labels, "score": side.scores}).dropna()
    is_given = table.score >= 0.5 if rule.is_positive_good else table.score < 0.5
    is_good = table.label == (1 if rule.is_positive_good else 0)
    brought = np.where(is_given & is_good, 100, np.where(is_given, -900, 0))
    assert (found.rows, found.given, found.total) == (len(table), is_given.sum(), brought.sum())
    reach = scipy.stats.norm.ppf(0.975) * scipy.stats.sem(brought)
    assert (found.low, found.high) == pytest.approx((brought.mean() - reach, brought.mean() + reach))


def test_contest_gives_as_many_loans_by_both_models():
    side, other = draw(8), draw(9)
    contract = load_contract(CONTRACT).model_copy(update={"profit": Profit(gain=1, loss=2, unit="EUR")})
    record = compare_in_banks_terms(contract, side.labels, side.scores, other.scores, 0.6)
    assert record["profit"]["champion"]["given"] == record["profit"]["challenger"]["given"]
    assert record["profit"]["champion"]["rows"] == record["swap_set"]["rows"] < 2000
    plain = compare_in_banks_terms(load_contract(CONTRACT), side.labels, side.scores, other.scores, 0.6)
    assert plain["profit"] is None
