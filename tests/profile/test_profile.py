"""The profile: levels, codes, what is kept of the reference and what is not, the file."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.arrivals import Arrivals
from tasks.core.scored_window import ScoredWindow
from tasks.extract.labels import read_labels
from tasks.profile.bins import LEAST_WORD_ROWS, MISSING, NEW_CATEGORY, fit_bins, fit_edges
from tasks.profile.day_effects import describe_day_effects
from tasks.profile.profile import SAMPLE_ROWS, OriginError, fit_profile
from tasks.profile.storage import ProfileError, load_profile, save_profile
from tasks.statistics.score_bins import MOST_BINS
from tests.support.windows_to_compare import CONTRACT, NOT_STATED, change, make_profile, make_window

INCOME, AMOUNT, CARS, PURPOSE, JOB = (CONTRACT.column(name) for name in ("income", "amount", "cars", "purpose", "job"))


def test_in_sample_scores_are_refused():
    frame, scores = make_window(300)
    with pytest.raises(OriginError, match="out_of_fold or holdout"):
        fit_profile(CONTRACT, ScoredWindow(frame, read_labels(CONTRACT, frame), scores), origin="in_sample", seed=1)


def test_a_number_is_cut_into_twenty_even_intervals_and_at_its_ends():
    values = pd.Series(np.arange(1000.0))
    bins = fit_bins(INCOME, values)
    counts = np.bincount(bins.encode(values), minlength=bins.levels + 1)
    assert counts[[0, 1, -1]].tolist() == [0, 0, 0]  # missing, below, above
    assert counts[2:-1].tolist() == [50] * 20
    assert bins.encode(pd.Series([-1.0, 999.5])).tolist() == [1, bins.levels]


def test_few_values_are_levels_of_their_own():
    bins = fit_bins(CARS, pd.Series([0.0, 2, 2, 5]))
    assert bins.encode(pd.Series([-1.0, 0, 2, 5, 6, np.nan])).tolist() == [1, 2, 3, 4, 5, MISSING]
    assert bins.decode(np.array([2, 3, 4])).tolist() == [0, 2, 5]


def test_a_frequent_value_among_many_is_a_level_of_its_own():
    values = np.concatenate([np.zeros(100), np.random.default_rng(0).normal(0, 1, 900)])
    bins = fit_bins(INCOME, pd.Series(values))
    code = bins.encode(pd.Series([0.0]))[0]
    assert np.sum(bins.encode(pd.Series(values)) == code) == 100
    assert bins.decode(np.array([code]))[0] == 0


def test_special_values_are_levels_of_their_own_and_no_numbers():
    values = pd.Series([*np.arange(100.0), NOT_STATED])
    bins = fit_bins(AMOUNT, values)
    assert bins.edges.max() < 100
    assert bins.encode(pd.Series([NOT_STATED, 98.0, 1e6])).tolist() == [bins.levels, bins.intervals - 1, bins.intervals]
    assert bins.decode(np.array([bins.levels]))[0] == NOT_STATED


def test_categories_are_ordered_by_frequency_or_by_the_contract():
    bins = fit_bins(PURPOSE, pd.Series(["b", "a", "a", None] * LEAST_WORD_ROWS))
    assert bins.categories == ("a", "b")
    assert bins.encode(pd.Series(["a", "b", "c", None], dtype=object)).tolist() == [1, 2, 3, MISSING]
    assert bins.decode(np.array([MISSING, 3])).tolist() == [None, NEW_CATEGORY]
    assert fit_bins(JOB, pd.Series(["long", "odd"])).categories == ("short", "medium", "long", "odd")


def test_infinities_empty_and_constant_columns():
    assert fit_bins(INCOME, pd.Series([np.inf, 1.0])).encode(pd.Series([np.inf, -np.inf, 1.0])).tolist() == [0, 0, 2]
    empty = fit_bins(INCOME, pd.Series([np.nan, np.nan]))
    assert empty.encode(pd.Series([3.0, np.nan])).tolist() == [1, MISSING]
    constant = fit_bins(INCOME, pd.Series([7.0, 7.0]))
    assert constant.encode(pd.Series([6.9, 7.0, 7.1])).tolist() == [1, 2, 3]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9) | st.sampled_from([0.0, 5.0, 1e7]), min_size=1, max_size=300))
def test_every_reference_value_lies_between_the_ends_and_codes_keep_the_order(values):
    edges = fit_edges(np.array(values))
    assert np.all(np.diff(edges) > 0)
    codes = np.searchsorted(edges, np.sort(values), side="right")
    assert codes.min() >= 1
    assert codes.max() <= len(edges) - 1
    assert np.all(np.diff(codes) >= 0)


def test_encoding_agrees_with_one_value_at_a_time():
    """The fast way against a plain one: how many edges are not above the value."""
    frame, _ = make_window(300)
    profile = make_profile(300)
    codes = profile.encode(frame)
    for place, bins in enumerate(profile.columns):
        for row in range(0, 300, 7):
            value = frame[bins.name].iloc[row]
            if pd.isna(value):
                expected = MISSING
            elif not bins.is_number:
                expected = bins.categories.index(value) + 1
            elif value in bins.special:
                expected = bins.levels
            else:
                expected = sum(edge <= value for edge in bins.edges) + 1
            assert codes[row, place] == expected


def test_what_is_kept_of_a_large_reference():
    """Counts over all rows, a bounded sample, and no value that only one applicant has."""
    profile = make_profile(SAMPLE_ROWS + 500)
    assert (profile.rows, profile.labelled, len(profile.codes)) == (SAMPLE_ROWS + 500, SAMPLE_ROWS + 500, SAMPLE_ROWS)
    assert all(counts.sum() == profile.rows for counts in profile.counts)
    assert profile.auc.value == pytest.approx(0.86, abs=0.02)
    assert profile.score_bins.rows.sum() == profile.labelled
    assert profile.score_bins.positives.sum() == profile.positive
    assert len(profile.score_bins.rows) <= MOST_BINS
    decoded = profile.decode(profile.codes)
    assert list(decoded.columns) == [column.name for column in CONTRACT.features]
    assert decoded["income"].nunique() <= 22


def test_the_file_gives_the_same_profile_and_holds_no_identifier(tmp_path):
    profile = make_profile(500, debt=None)
    save_profile(profile, tmp_path / "profile.parquet")
    again = load_profile(tmp_path / "profile.parquet")
    for name in ("rows", "labelled", "positive", "auc", "origin", "masks"):
        assert getattr(again, name) == getattr(profile, name)
    for name in ("codes", "labels", "scores"):
        np.testing.assert_array_equal(getattr(again, name), getattr(profile, name))
    for one, other, counts, others in zip(again.columns, profile.columns, again.counts, profile.counts, strict=True):
        for name in ("name", "categories", "special", "unit"):
            assert getattr(one, name) == getattr(other, name)
        np.testing.assert_array_equal(one.edges, other.edges)
        np.testing.assert_array_equal(counts, others)
    frame, _ = make_window(500, seed=9)
    np.testing.assert_array_equal(again.encode(frame), profile.encode(frame))
    assert pq.read_schema(tmp_path / "profile.parquet").names == [
        *(column.name for column in CONTRACT.features),
        "(label)",
        "(score)",
        "(customer)",
    ]
    assert b"0-17" not in (tmp_path / "profile.parquet").read_bytes()


def write_older(file, older, missing):
    """The file as it was written before one of its entries was kept."""
    table = pq.read_table(file)
    described = json.loads(table.schema.metadata[b"loanwatch"])
    del described[missing]
    pq.write_table(table.replace_schema_metadata({"loanwatch": json.dumps(described)}), older)


def test_arrivals_are_kept_and_an_older_file_has_none(tmp_path):
    arrivals = Arrivals((26,) * 7, (26, 26, 25, 26, 26, 0, 0), (60, 61, 62, 63, 64, 0, 0))
    save_profile(replace(make_profile(300), arrivals=arrivals), tmp_path / "profile.parquet")
    assert load_profile(tmp_path / "profile.parquet").arrivals == arrivals
    write_older(tmp_path / "profile.parquet", tmp_path / "older.parquet", "arrivals")
    assert load_profile(tmp_path / "older.parquet").arrivals is None


def test_day_effects_are_kept_without_a_date_and_an_older_file_has_none(tmp_path):
    frame, scores = make_window(600)
    days = np.datetime64("2024-01-01") + np.arange(600) // 10
    reference = ScoredWindow(frame, read_labels(CONTRACT, frame), scores, days=days)
    profile = fit_profile(CONTRACT, reference, origin="out_of_fold", seed=1)
    save_profile(profile, tmp_path / "profile.parquet")
    kept = load_profile(tmp_path / "profile.parquet").day_effects
    assert describe_day_effects(kept) == describe_day_effects(profile.day_effects)
    assert np.bincount(kept.numbers[kept.numbers >= 0]).max() == 10  # rows of one day stay together
    assert kept.numbers.max() < 28 * 4  # no date
    table = pq.read_table(tmp_path / "profile.parquet").drop_columns(["(day)"])
    described = json.loads(table.schema.metadata[b"loanwatch"])
    del described["day_effects"]
    pq.write_table(table.replace_schema_metadata({"loanwatch": json.dumps(described)}), tmp_path / "older.parquet")
    assert load_profile(tmp_path / "older.parquet").day_effects is None


def test_the_same_profile_is_the_same_file(tmp_path):
    for name in ("one", "other"):
        save_profile(make_profile(300), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_labels_that_are_not_known_yet_stay_unknown():
    frame, scores = make_window(400)
    frame = change(frame, {"status": frame["status"].mask(frame.index < 100)})
    profile = fit_profile(
        CONTRACT, ScoredWindow(frame, read_labels(CONTRACT, frame), scores), origin="out_of_fold", seed=1
    )
    assert (profile.rows, profile.labelled, int(np.isnan(profile.labels).sum())) == (400, 300, 100)


def test_a_file_that_is_no_profile_is_told(tmp_path):
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"no parquet")
    other = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(other)
    for file in (broken, other, tmp_path / "nowhere.parquet"):
        with pytest.raises(ProfileError, match=r"flows\.train"):
            load_profile(file)


def test_frequent_categories_have_a_group_each_and_the_rest_share_one():
    values = pd.Series(np.repeat(list("abcdefgh"), [90, 80, 70, 60, 50, 40, 30, 25]))
    bins = fit_bins(PURPOSE, values)
    group = bins.group_codes(np.bincount(bins.encode(values), minlength=bins.levels + 1))
    assert group.tolist() == [6, 0, 1, 2, 3, 4, 5, 5, 5, 5]  # missing first, a new category last
    lost = pd.concat([values, pd.Series([None] * 50)])
    group = bins.group_codes(np.bincount(bins.encode(lost), minlength=bins.levels + 1))
    assert group.tolist() == [5, 0, 1, 2, 3, 4, 4, 4, 4, 4]  # many missing values take the place of one group


def test_counts_by_score_are_kept_and_an_older_file_has_none(tmp_path):
    profile = make_profile(3_000)
    save_profile(profile, tmp_path / "profile.parquet")
    again = load_profile(tmp_path / "profile.parquet").score_bins
    for name in ("highest", "rows", "positives"):
        np.testing.assert_array_equal(getattr(again, name), getattr(profile.score_bins, name))
    write_older(tmp_path / "profile.parquet", tmp_path / "older.parquet", "score_bins")
    assert load_profile(tmp_path / "older.parquet").score_bins is None
