"""Typed columns: the fast reading of whole columns equals the plain one, text by text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.contract.words import fold
from tasks.extract.parsing import (
    UnreadableTextError,
    order_categories,
    read_categories,
    read_number,
    read_numbers,
    read_time,
    read_times,
    read_whole_seconds,
)

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

number_like = st.one_of(
    st.floats().map(repr),
    st.integers(-(10**12), 10**12).map(str),
    st.floats(-1e9, 1e9).map(lambda number: f"${number:,.2f}"),
    st.text("0123456789.,$+-eE ", max_size=12),
    st.sampled_from(
        ["", " ", "NaN", "nan", "inf", "-inf", "Infinity", "#VALUE!", "1e999", "1e-400", "0x10", "1_0", "n/a"]
    ),
    st.text(max_size=6),
)
time_like = st.one_of(
    st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)).map(lambda time: time.isoformat(" ")),
    st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)).map(lambda time: f"{time:%d-%m-%Y %H:%M}"),
    st.from_regex(r"[0-3][0-9]-[01][0-9]-20[0-9]{2}( [0-2][0-9]:[0-6][0-9])?", fullmatch=True),
    st.from_regex(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-6][0-9](:[0-6][0-9])?Z?)?", fullmatch=True),
    st.sampled_from(["", "31-02-2015", "2015-02-29", "NULL", "2015-05-16 10:00:00+02", "20150516"]),
    st.text(max_size=6),
)


def read_slowly(read: Callable[[str], Any], texts: list[str | None]) -> tuple[list[Any], list[bool]]:
    values, refused = [], []
    for text in texts:
        try:
            value, is_refused = (None if text is None else read(text)), False
        except UnreadableTextError:
            value, is_refused = None, True
        values.append(None if isinstance(value, float) and math.isnan(value) else value)
        refused.append(is_refused)
    return values, refused


@pytest.mark.slow
@given(st.lists(st.none() | number_like))
@example(["+1", ".5", "5.", "1e5", "-0"])
@example([" 1", "1 ", "\t2\n"])
@example(["1.5f", "1d", "0x1p3", "1e+05", "٣", "infinity", "-nan", "nan(1)"])
def test_numbers_of_a_column_are_the_numbers_of_its_texts(texts: list[str | None]) -> None:
    numbers, refused = read_numbers(pa.array(texts, pa.string()))
    expected = read_slowly(read_number, texts)
    assert [None if n is None or math.isnan(n) else n for n in numbers.to_pylist()] == expected[0]
    assert refused.to_pylist() == expected[1]


@pytest.mark.slow
@given(st.lists(st.none() | time_like))
@example(["2015-05-16 10:00", "2015-05-16T10:00:00.123456789", "2015-05-16 10", "2015-05-16 10:00:60"])
@example(["2015-05-16 10:00:00Z", "2015-05-16 10:00:00+00"])
@example(["2015-05-16 10"])
def test_times_of_a_column_are_the_times_of_its_texts(texts: list[str | None]) -> None:
    times, refused = read_times(pa.array(texts, pa.string()))
    assert (times.to_pylist(), refused.to_pylist()) == read_slowly(read_time, texts)


minute_like = st.from_regex(r"[0-3/é][0-9]-[01][0-9]-[0-9]{4}[ T][0-2:][0-9][:.][0-9]{2}", fullmatch=True)


@pytest.mark.slow
@given(st.lists(st.none() | minute_like | time_like))
@example(["29-02-2015 10:00", "29-02-2016 10:00", "31-04-2015 10:00", "00-01-2015 10:00", "01-13-2015 10:00"])
@example(["01-01-0001 00:00", "01-01-0000 00:00", "31-12-9999 23:59", "01-01-2015 24:00", "01-01-2015 10:60"])
def test_minutes_day_first_are_the_times_of_their_texts(texts: list[str | None]) -> None:
    times, refused = read_times(pa.array(texts, pa.string()))
    assert (times.to_pylist(), refused.to_pylist()) == read_slowly(read_time, texts)


@given(st.lists(st.none() | st.tuples(st.sampled_from(["", " ", "  ", "\t", " \n", "\u3000"]), time_like)))
def test_whole_seconds_stand_between_spaces_only(parts: list[tuple[str, str] | None]) -> None:
    texts = [None if part is None else part[0] + part[1] + part[0] for part in parts]
    bare = [None if text is None or text.strip(" ") != text.strip() else text.strip(" ") for text in texts]
    # loan_applications.sql reads no zone but UTC, and that after seconds only.
    bare = [None if text is None or re.search(r":\d\d[+-](?!00)|T..:..Z| ..:..Z", text) else text for text in bare]
    expected = [None if time is None else time.replace(microsecond=0) for time in read_slowly(read_time, bare)[0]]
    assert read_whole_seconds(pa.array(texts, pa.string())).to_pylist() == expected


@given(st.lists(st.none() | st.sampled_from("abc")), st.permutations(["a", "b", "c", "d"]))
def test_ordered_words_are_the_same_words(words: list[str | None], known: list[str]) -> None:
    codes = pa.array([None if word is None else known.index(word) for word in words], pa.int32())
    ordered = order_categories(pa.DictionaryArray.from_arrays(codes, pa.array(known)))
    assert ordered.to_pylist() == words
    assert ordered.dictionary.to_pylist() == list(dict.fromkeys(word for word in words if word is not None))


@given(st.lists(st.none() | st.text(max_size=5)))
def test_words_are_trimmed_lower_case_and_renamed(texts: list[str | None]) -> None:
    words = read_categories(pa.array(texts, pa.string()).dictionary_encode(), {"a": "b"})
    expected = [None if text is None or not fold(text) else fold(text) for text in texts]
    assert words.to_pylist() == ["b" if word == "a" else word for word in expected]
    assert len(set(words.dictionary.to_pylist())) == len(words.dictionary)


@pytest.mark.parametrize(
    ("text", "number"),
    [("$1,234.50", 1234.5), ("-$5", -5), ("$ 7", 7), ("1,234,567", 1234567), ("+3", 3), (".5", 0.5), ("2e3", 2000)],
)
def test_ways_to_write_a_number(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["1,2", "12,34", "1234,567", "1.2.3", "$", "5 %", "--1", "1e", "1,234e", "#VALUE!"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(UnreadableTextError):
        read_number(text)
