"""Columns of many words under a Zipf law: postcodes, employers, cities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tasks.core.findings import Verdict
from tasks.core.policy import DriftPolicy
from tasks.core.scored_window import ScoredWindow
from tasks.drift.comparison import Comparison
from tasks.drift.data import measure_data_drift
from tasks.profile.bins import LEAST_WORD_ROWS, choose_least_rows
from tasks.profile.profile import fit_profile
from tests.support.windows_to_compare import CONTRACT, make_window


def draw(seed: int, rows: int, words: int, new: float = 0.0) -> ScoredWindow:
    """A window whose purposes are drawn by a Zipf law; a share of them is replaced by one that nobody had before."""
    frame, scores = make_window(rows, seed)
    random = np.random.default_rng(seed)
    weights = 1 / np.arange(1, words + 1)
    drawn = random.choice(words, rows, p=weights / weights.sum()).astype(str).astype(object)
    drawn[random.random(rows) < new] = "a new one"
    labels = (frame["status"] == "yes").to_numpy(float)
    return ScoredWindow(frame.assign(purpose=pd.Categorical(drawn)), labels, scores)


def find_alarms(reference: ScoredWindow, window: ScoredWindow) -> list[tuple[str, str]]:
    profile = fit_profile(CONTRACT, reference, origin="holdout", seed=0)
    findings = measure_data_drift(Comparison(profile, window, DriftPolicy()))
    return [(finding.check, finding.subject) for finding in findings if finding.verdict is Verdict.FAIL]


@pytest.mark.parametrize("words", [1_500, 3_000])
def test_many_words_are_no_drift(words):
    """Without the level of rare words (LEAST_WORD_ROWS = 0) there is an alarm in 14 and in 20 of 20 such pairs."""
    pairs = [(draw(2 * seed, 6_000, words), draw(2 * seed + 1, 1_500, words)) for seed in range(4)]
    assert [find_alarms(*pair) for pair in pairs] == [[]] * 4


def test_a_new_word_among_many_is_found_and_the_usual_share_is_said():
    reference, window = draw(100, 6_000, 1_500), draw(101, 3_000, 1_500, new=0.03)
    assert ("never_seen", "purpose") in find_alarms(reference, window)
    profile = fit_profile(CONTRACT, reference, origin="holdout", seed=0)
    findings = measure_data_drift(Comparison(profile, window, DriftPolicy()))
    (finding,) = [one for one in findings if (one.check, one.subject) == ("never_seen", "purpose")]
    singles = int((reference.applications["purpose"].value_counts() == 1).sum())
    assert finding.reference == singles / 6_000
    assert finding.effect == pytest.approx(finding.current - finding.reference)
    assert "is usual for so many categories" in finding.sentence


def test_what_could_have_been_seen_among_many_words_is_more_than_among_few():
    """Of such windows 7 of 30 show a new word of 1.5 %, 28 of 30 one of 3 %: no smaller change is promised."""
    smallest = {}
    for words in (10, 1_500):
        profile = fit_profile(CONTRACT, draw(100, 6_000, words), origin="holdout", seed=0)
        findings = measure_data_drift(Comparison(profile, draw(101, 3_000, words), DriftPolicy()))
        (finding,) = [one for one in findings if (one.check, one.subject) == ("never_seen", "purpose")]
        smallest[words] = finding.smallest_detectable
    assert smallest[10] < 0.015
    assert 0.02 < smallest[1_500] < 0.035


def test_rare_words_have_one_level_with_the_new_ones_and_are_kept_with_their_counts():
    reference = draw(7, 6_000, 1_500)
    profile = fit_profile(CONTRACT, reference, origin="holdout", seed=0)
    (bins,) = [one for one in profile.columns if one.name == "purpose"]
    counts = reference.applications["purpose"].value_counts()
    least = choose_least_rows(counts.to_numpy())
    assert least >= LEAST_WORD_ROWS
    assert set(bins.categories) == set(counts.index[counts >= least])
    assert bins.rare == counts[counts < least].to_dict()
    codes = bins.encode(pd.Series([bins.categories[0], next(iter(bins.rare)), "a new one"]))
    assert codes.tolist() == [1, bins.levels, bins.levels]


def test_words_that_have_just_enough_rows_are_no_drift():
    """900 words of about seven rows each: with a fixed limit of ten rows the rest grows by seven points."""
    random = np.random.default_rng(1)

    def draw_flat(seed: int, rows: int) -> ScoredWindow:
        frame, scores = make_window(rows, seed)
        words = pd.Categorical(random.choice(900, rows).astype(str))
        return ScoredWindow(frame.assign(purpose=words), (frame["status"] == "yes").to_numpy(float), scores)

    for seed in range(3):
        assert find_alarms(draw_flat(seed, 6_000), draw_flat(seed + 50, 2_000)) == []
