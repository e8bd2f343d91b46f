"""Ripeness of a window: by the table, by the contract, and what is said of it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tasks.core.findings import Verdict
from tasks.core.windows import Window
from tasks.quality.ripeness import Ripeness, Usual, find_ripeness
from tests.support.windows_to_compare import CONTRACT

WINDOW = Window(date(2024, 6, 1), date(2024, 6, 30))
USUAL = Usual(0, 12_000, 0.46)


def draw(wait: float = 0.0, rate: float = 0.54, rows: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    """Days and labels; the positive decisions take so many days on average, the others none."""
    random = np.random.default_rng(7)
    day = random.integers(0, WINDOW.days, rows)
    labels = (random.random(rows) < rate).astype(float)
    is_open = (labels == 1) & (random.exponential(max(wait, 1e-9), rows) > WINDOW.days - day)
    return np.datetime64(WINDOW.start) + day, np.where(is_open, np.nan, labels)


def find(wait: float = 0.0, *, delay: int | None = None, read_on: date | None = None) -> Ripeness:
    contract = CONTRACT.model_copy(update={"label_delay": delay})
    return find_ripeness(contract, WINDOW, *draw(wait), usual=USUAL, read_on=read_on)


def test_a_ripe_window_says_so_in_one_sentence():
    ripe = find()
    assert ripe.is_whole
    assert [finding.verdict for finding in ripe.findings] == [Verdict.PASS] * 2
    assert ripe.note == ""
    days, labels = draw()
    assert ripe.mask(labels, days) is labels


def test_the_last_days_are_left_out_and_the_day_to_come_back_is_named():
    ripe = find(wait=3)
    assert ripe.until is not None
    assert date(2024, 6, 12) < ripe.until < date(2024, 6, 27)
    waiting, lost = ripe.findings
    assert (waiting.verdict, lost.verdict) == (Verdict.WARN, Verdict.PASS)
    assert waiting.effect == (WINDOW.end - ripe.until).days
    assert ripe.ripe_on is not None
    assert ripe.ripe_on > WINDOW.end
    assert f"Only decisions up to {ripe.until} count" in ripe.note
    assert f"Run it again on {ripe.ripe_on}." in waiting.sentence
    days, labels = draw(3)
    kept = ~np.isnan(ripe.mask(labels, days))
    assert days[kept].max() == np.datetime64(ripe.until)
    assert np.nanmean(labels[kept]) == pytest.approx(0.54, abs=0.03)
    assert np.nanmean(labels) < np.nanmean(labels[kept]) - 0.005  # what the decisions so far say


def test_a_window_of_slow_decisions_has_no_ripe_day():
    ripe = find(wait=60)
    assert ripe.until is None
    days, labels = draw(60)
    assert np.isnan(ripe.mask(labels, days)).all()
    assert "No day's decisions count yet" in ripe.note


def test_the_contract_says_how_long_decisions_take():
    assert find(delay=10).until == date(2024, 6, 20)
    assert find(delay=10).ripe_on == date(2024, 7, 11)
    assert find(delay=40).until is None
    assert find(delay=10, read_on=date(2024, 7, 5)).until == date(2024, 6, 25)
    assert find(delay=10, read_on=date(2024, 8, 1)).is_whole


def test_rare_decisions_may_not_be_the_ones_that_are_missing():
    """1 % of positive decisions: were the same share of rows tolerated as usual, all of them might be missing."""
    days, labels = draw(10, rate=0.01, rows=20_000)
    ripe = find_ripeness(CONTRACT, WINDOW, days, labels, usual=Usual(0, 50_000, 0.01))
    assert ripe.until is None or ripe.until < date(2024, 6, 20)


def test_the_contracts_delay_is_named_where_the_table_shows_nothing():
    (waiting, _) = find(delay=10).findings
    assert "By the contract's `label_delay` decisions from 2024-06-21 on are still to come." in waiting.sentence


@pytest.mark.parametrize(("delay", "day"), [(None, None), (30, date(2024, 7, 31))])
def test_without_any_decision_no_day_is_ripe(delay, day):
    days, labels = draw()
    contract = CONTRACT.model_copy(update={"label_delay": delay})
    ripe = find_ripeness(contract, WINDOW, days, np.full(len(labels), np.nan), usual=USUAL)
    assert (ripe.until, ripe.ripe_on) == (None, day)
    waiting, lost = ripe.findings
    assert "100.0 % of the applications have no decision" in waiting.sentence
    assert lost.sentence == "3,000 of 3,000 applications have no decision."


def test_decisions_that_are_lost_on_all_days_alike_are_told_and_hinder_nothing():
    days, labels = draw()
    gone = np.random.default_rng(1).random(len(labels)) < 0.04
    ripe = find_ripeness(CONTRACT, WINDOW, days, np.where(gone, np.nan, labels), usual=USUAL)
    assert ripe.is_whole
    waiting, lost = ripe.findings
    assert (waiting.verdict, lost.verdict) == (Verdict.PASS, Verdict.WARN)
    assert "Find out whether decisions were lost" in lost.sentence
