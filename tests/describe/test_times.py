"""How times are written."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from tasks.describe.times import find_time_format
from tasks.describe.vocabulary import list_words

MISSING = list_words("values", "missing")


@pytest.mark.parametrize(
    ("texts", "formats", "first"),
    [
        (["2018-03-01", "2018-04-05 10:20:30"], (), date(2018, 3, 1)),
        (["2018-03-01T10:20:30Z", "2018-03-02T10:20:30+02:00"], (), date(2018, 3, 1)),
        (["13-01-2018", "02-03-2018"], ("%d-%m-%Y",), date(2018, 1, 13)),
        (["13.01.2018 09:30", "02.03.2018 11:00"], ("%d.%m.%Y %H:%M",), date(2018, 1, 13)),
        (["01/13/2018", "03/02/2018"], ("%m/%d/%Y",), date(2018, 1, 13)),
        (["03/02/2018 10:00:01 PM", "01/13/2018 02:03:04 AM"], ("%m/%d/%Y %I:%M:%S %p",), date(2018, 1, 13)),
        (["Mar-2018", "Dec-2017"], ("%b-%Y",), date(2017, 12, 1)),
        (["28-Feb-97", "01-Mar-98"], ("%d-%b-%y",), date(1997, 2, 28)),
        (["20180301", "20180315"], ("%Y%m%d",), date(2018, 3, 1)),
        (["1519862400", "1519948800"], ("unix",), date(2018, 3, 1)),
        (["1519862400000", "1519948800000"], ("unix_ms",), date(2018, 3, 1)),
        (["21244", "21245"], ("days since 1960-01-01",), date(2018, 3, 1)),
    ],
)
def test_times_are_read_as_they_are_written(texts, formats, first):
    found = find_time_format("applied_date", Counter(texts), MISSING)
    assert (found.formats, found.first) == (formats, first)


def test_a_day_that_may_be_a_month_is_a_guess():
    assert find_time_format("applied_on", Counter(["03/04/2018", "05/06/2018"]), MISSING).is_ambiguous
    assert not find_time_format("applied_on", Counter(["03/04/2018", "25/06/2018"]), MISSING).is_ambiguous


@pytest.mark.parametrize("texts", [["1519862400", "1519948800"], ["20180301", "20180302"], ["36", "60"], ["rent"], []])
def test_numbers_are_times_only_where_the_name_says_so(texts):
    assert find_time_format("balance", Counter(texts), MISSING) is None


def test_texts_that_are_no_days_are_named():
    texts = [*(f"{day:02d}-01-2018" for day in range(1, 29))] * 4 + ["31-02-2018", "n/a"]
    assert find_time_format("applied_at", Counter(texts), MISSING).others == {"31-02-2018": 1}
