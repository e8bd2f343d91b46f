"""How numbers are written, and which of them stand for something else."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tasks.describe.numbers import find_number_format, find_special, read_texts, read_values
from tasks.describe.vocabulary import list_words

MISSING = list_words("values", "missing")


@pytest.mark.parametrize(
    ("texts", "decimal", "affixes", "numbers"),
    [
        (["1234.5", "7", "-3"], ".", (), [1234.5, 7, -3]),
        (["1,234.50", "999.00"], ".", (), [1234.5, 999]),
        (["1.234,50", "999,00"], ",", (), [1234.5, 999]),
        (["1 234,50", "999,00"], ",", (), [1234.5, 999]),
        (["1'234.50", "999.00"], ".", (), [1234.5, 999]),
        (["1.234.567", "8.950"], ",", (), [1_234_567, 8950]),
        (["8,950", "12,000"], ".", (), [8950, 12_000]),
        (["12.30%", "7.5 %"], ".", ("%",), [12.3, 7.5]),
        ([" 36 months".strip(), "60 months"], None, ("months",), [36, 60]),
        (["$60,000.00", "$5.50"], ".", (), [60_000, 5.5]),
        (["3,5 €", "12,25 €"], ",", (), [3.5, 12.25]),
        (["1e5", "2.5e3"], ".", (), [100_000, 2500]),
        ([".5", "0.25"], ".", (), [0.5, 0.25]),
        (["0.125", "0.250"], ".", (), [0.125, 0.25]),
    ],
)
def test_numbers_are_read_as_they_are_written(texts, decimal, affixes, numbers):
    form = find_number_format(Counter(texts), MISSING)
    assert (form.decimal, form.affixes) == (decimal, affixes)
    assert read_texts(texts, form).tolist() == numbers


def test_a_dot_before_three_digits_is_a_guess_where_nothing_else_tells():
    """8.950 beside 950 is 8950; a column of decimals would hold 950.000 as well."""
    thousands = find_number_format(Counter(["8.950", "950", "12.000"]), MISSING)
    assert (thousands.decimal, thousands.is_ambiguous) == (",", True)
    decimals = find_number_format(Counter(["8.953", "1950"]), MISSING)
    assert (decimals.decimal, decimals.is_ambiguous) == (".", False)


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (["LP001002", "LP001003"], "an identifier is no number with a unit"),
        (["A1", "B2"], "a grade is none either"),
        (["2020-01-01", "2020-02-01"], "nor is a day"),
        (["rent", "own"], "nor a word"),
    ],
)
def test_what_is_no_number(texts, why):
    assert find_number_format(Counter(texts), MISSING) is None, why


def test_a_word_among_many_numbers_is_named():
    texts = [*map(str, range(100)), *["Exempt"] * 150]
    assert find_number_format(Counter(texts), MISSING).others == {"Exempt": 150}


@pytest.mark.parametrize(
    ("values", "special"),
    [
        ([*range(1000), *[99_999_999] * 20], [99_999_999]),
        ([*range(20, 80), *[999] * 5], [999]),
        ([*range(100), *[-1] * 5], [-1]),
        ([*range(100), *[-7] * 3, *[-8] * 3, *[-9] * 9], [-9, -8, -7]),
        ([*range(-50, 50)], []),
        ([*range(1, 1200)], []),
        ([0, 1, 2, 99], []),
        ([0.5, -0.5, 0.25, -0.1], []),
    ],
)
def test_a_spike_at_an_odd_value_is_special(values, special):
    form = find_number_format(Counter(map(str, values)), MISSING)
    assert find_special(*read_values(Counter(map(str, values)), form)) == special


def test_a_text_that_is_no_number_counts_for_none():
    form = find_number_format(Counter(["1", "2", "3"] * 30), MISSING)
    assert np.isnan(read_texts(["x"], form)).all()
