"""Words that have an order."""

from __future__ import annotations

import random

import pytest

from tasks.describe.scales import find_order


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("emp_length", ["< 1 year", "1 year", "2 years", "9 years", "10+ years"]),
        ("dependents", ["0", "1", "2", "3+"]),
        ("age_group", ["<25", "25-34", "35-44", "45-54", ">54"]),
        ("dti", ["<20%", "20%-<30%", "36", "50%-60%", ">60%"]),
        ("income", ["under 10k", "10k-20k", "20k-50k", "over 50k"]),
        ("risk", ["low", "medium", "high"]),
        ("risk", ["very low", "low", "medium", "high", "very high"]),
        ("history", ["poor", "fair", "good", "very good", "excellent"]),
        ("grade", ["d", "c", "b", "a"]),
        ("sub_grade", ["b10", "b1", "a5", "a2", "a1"]),
    ],
)
def test_words_are_put_into_their_order(name, words):
    shuffled = random.Random(1).sample(words, len(words))
    assert find_order(name, shuffled) == tuple(words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("purpose", ["car", "house", "other"]),
        ("code", ["1", "2", "3"]),
        ("code", ["a", "b", "c"]),
        ("answer", ["yes", "no"]),
        ("grade", ["a"]),
    ],
)
def test_other_words_have_no_order(name, words):
    assert find_order(name, words) is None
