"""Numbers, times and words in the forms that a contract describes: known cases, and columns as their texts."""

from __future__ import annotations

import math
from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.extract.parsing import (
    NOTHING_LISTED,
    NumberForm,
    TimeForm,
    UnreadableTextError,
    read_category,
    read_number,
    read_numbers,
    read_time,
    read_times,
)
from tests.extract.test_parsing import read_slowly

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

EUROPEAN, POINT, WHOLE = NumberForm(","), NumberForm("."), NumberForm(whole=True)
BESIDE = NumberForm(affixes=("%", "months", "eur", "m2", ".-"))
NUMBER_FORMS = st.sampled_from(
    [EUROPEAN, POINT, WHOLE, BESIDE, NumberForm(",", ("€/monat", "%"), whole=True), NumberForm(affixes=("e", "ks"))]
)
number_like = st.one_of(
    st.text("0123456789.,' -+e%$€", max_size=10),
    st.floats(-1e7, 1e7).map(lambda number: f"{number:,.2f}"),
    st.floats(-1e7, 1e7).map(lambda number: f"{number:,.2f}".translate(str.maketrans(",.", ".,"))),
    st.tuples(st.sampled_from(["", "EUR ", "-", "$", "% ", "K"]), st.integers(0, 99_999).map(str)).map("".join),
    st.tuples(
        st.integers(0, 99_999).map(str), st.sampled_from(["%", " Months", " m2", ".-", "\u00a0€", "e", "e5", "ſ"])
    ).map("".join),
    st.text(max_size=5),
)
BERLIN = "Europe/Berlin"
TIME_FORMS = st.sampled_from(
    [
        TimeForm(zone=BERLIN),
        TimeForm(("%d.%m.%Y", "%d.%m.%Y %H:%M:%S"), BERLIN),
        TimeForm(("%d.%m.%Y %H:%M:%S", "%b-%Y", "unix")),
        TimeForm(("%Y%m%d",)),
        TimeForm(("%m/%d/%y %I:%M %p",)),
        TimeForm(("unix",), BERLIN),
        TimeForm(("unix_ms", "%Y-%m-%dT%H:%M:%S%z"), "America/New_York"),
        TimeForm(("days since 1960-01-01",), BERLIN),
    ]
)
FORMATS = [
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M:%S",
    "%Y%m%d",
    "%b-%Y",
    "%m/%d/%y %I:%M %p",
    "%Y-%m-%d %H:%M:%S+02",
    "%Y-%m-%dT%H:%MZ",
]
time_like = st.one_of(
    st.builds(datetime.strftime, st.datetimes(datetime(1900, 1, 1), datetime(2199, 1, 1)), st.sampled_from(FORMATS)),
    st.integers(-(10**10), 10**13).map(str),
    st.floats(-1e9, 1e9).map(repr),
    st.from_regex(r"[0-3][0-9]\.[01][0-9]\.[0-9]{4}( [0-2][0-9]:[0-6][0-9]:[0-6][0-9])?", fullmatch=True),
    st.from_regex(
        r"20[0-9]{2}-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-6][0-9](Z|[+-][0-2][0-9](:?[0-6][05])?)", fullmatch=True
    ),
    st.text("0123456789.-/: TZ", max_size=12),
)


@pytest.mark.slow
@given(st.lists(st.none() | number_like, max_size=6), NUMBER_FORMS)
@example(["+1.234,5", "8.950", "8.95", "1e-400", "1e99"], EUROPEAN)
@example(["3.0", "3.5", "-0.0"], WHOLE)
@example(["5e", "1e5", "5ks", "5KS", "5\u212as", "5kſ"], NumberForm(affixes=("e", "ks")))
def test_numbers_of_a_column_are_those_of_its_texts(texts: list[str | None], form: NumberForm) -> None:
    numbers, refused = read_numbers(pa.array(texts, pa.string()), NOTHING_LISTED, form)
    values = [None if number is None or math.isnan(number) else number for number in numbers.to_pylist()]
    assert (values, refused.to_pylist()) == read_slowly(lambda text: read_number(text, NOTHING_LISTED, form), texts)


@pytest.mark.slow
@given(st.lists(st.none() | time_like, max_size=6), TIME_FORMS)
@example(["30.02.2020", "29.02.2020", "1.2.2020", "01.02.0000"], TimeForm(("%d.%m.%Y",)))
@example(["2020-10-25 02:30:00+02:00", "2020-10-25T01:30Z", "2020-03-29 02:30:00"], TimeForm(zone=BERLIN))
@example(["0001-01-01T00:00:00+05", "9999-12-31T23:59:59-05", "2020-01-01T00:00+99"], TimeForm(zone=BERLIN))
def test_times_of_a_column_are_those_of_its_texts(texts: list[str | None], form: TimeForm) -> None:
    times, refused = read_times(pa.array(texts, pa.string()), NOTHING_LISTED, form)
    expected = read_slowly(lambda text: read_time(text, NOTHING_LISTED, form), texts)
    assert (times.to_pylist(), refused.to_pylist()) == expected


@pytest.mark.parametrize(
    ("text", "form", "number"),
    [
        ("1.234,50", EUROPEAN, 1234.5),
        ("8.950", EUROPEAN, 8950),  # with a point as the decimal sign it is 8.95
        ("8.950", NumberForm(), 8.95),
        ("-1 234 567,8", EUROPEAN, -1234567.8),
        ("1\u202f234,5 €", EUROPEAN, 1234.5),
        ("€ 1.234,-", NumberForm(",", (",-",)), 1234),
        ("1'234.50", POINT, 1234.5),
        ("1\u2019234.50", POINT, 1234.5),
        ("1 234", POINT, 1234),
        ("\u22125", NumberForm(), -5),
        ("-£1,234", NumberForm(), -1234),
        ("12.30%", BESIDE, 12.3),
        (" 36 months", BESIDE, 36),
        ("36 MONTHS", BESIDE, 36),
        ("EUR -5", BESIDE, -5),
        ("50.-", BESIDE, 50),
        ("80 m2", BESIDE, 80),
        ("3.0", WHOLE, 3),
    ],
)
def test_ways_to_write_a_number(text: str, form: NumberForm, number: float) -> None:
    assert read_number(text, NOTHING_LISTED, form) == number


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("8.95", EUROPEAN),
        ("1,234.50", EUROPEAN),
        ("1,234 567", POINT),  # parted in two ways
        ("1 234", NumberForm()),  # nothing says that blanks part thousands
        ("12.30%", NumberForm()),
        ("36 years", BESIDE),
        ("%", BESIDE),
        ("3.5", WHOLE),
        ("Exempt", BESIDE),
    ],
)
def test_what_is_no_number(text: str, form: NumberForm) -> None:
    with pytest.raises(UnreadableTextError):
        read_number(text, NOTHING_LISTED, form)


@pytest.mark.parametrize(
    ("text", "form", "time"),
    [
        ("31.01.2024", TimeForm(("%d.%m.%Y",)), datetime(2024, 1, 31)),
        ("Mar-2018", TimeForm(("%d.%m.%Y", "%b-%Y")), datetime(2018, 3, 1)),
        ("1704067200", TimeForm(("unix",)), datetime(2024, 1, 1)),
        ("1704067200", TimeForm(("unix",), BERLIN), datetime(2024, 1, 1, 1)),
        ("1704067200500", TimeForm(("unix_ms",)), datetime(2024, 1, 1, 0, 0, 0, 500_000)),
        ("23376", TimeForm(("days since 1960-01-01",), BERLIN), datetime(2024, 1, 1)),
        ("23376.5", TimeForm(("days since 1960-01-01",)), datetime(2024, 1, 1, 12)),
        ("2024-07-01T10:00:00Z", TimeForm(zone=BERLIN), datetime(2024, 7, 1, 12)),
        ("2024-01-01 23:30:00-05", TimeForm(), datetime(2024, 1, 2, 4, 30)),
        ("2024-01-01T10:00+05:30", TimeForm(), datetime(2024, 1, 1, 4, 30)),
        ("2024-07-01 10:00", TimeForm(zone=BERLIN), datetime(2024, 7, 1, 10)),
        ("\u00a02024-07-01", TimeForm(), datetime(2024, 7, 1)),
        ("n/a", TimeForm(("unix",)), None),
    ],
)
def test_ways_to_write_a_time(text: str, form: TimeForm, time: datetime | None) -> None:
    assert read_time(text, NOTHING_LISTED, form) == time


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("30.02.2024", TimeForm(("%d.%m.%Y",))),
        ("2024-01-31", TimeForm(("%d.%m.%Y",))),
        ("soon", TimeForm(("unix", "%b-%Y"))),
        ("1e300", TimeForm(("unix",))),
        ("2024-01-01T10:00+25:00", TimeForm()),
        ("2024-01-01T10:00+05:75", TimeForm()),
        ("2024-01-01+02", TimeForm()),
    ],
)
def test_what_is_no_time(text: str, form: TimeForm) -> None:
    with pytest.raises(UnreadableTextError):
        read_time(text, NOTHING_LISTED, form)


@pytest.mark.parametrize(
    ("text", "word"),
    [("1.0", "1"), ("01", "1"), ("1", "1"), ("2.0", "0"), ("9.0", None), ("3", "3"), ("one", "one"), ("1.5", "1.5")],
)
def test_words_that_are_numbers(text: str, word: str | None) -> None:
    assert read_category(text, {"2": "0"}, frozenset({"9"}), ("0", "1")) == word
