"""Words of the data in a sentence: the most frequent first, short, and harmless."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from tasks.core.wording import list_words


def test_the_most_frequent_words_are_named_with_their_counts():
    counts = {"web": 3, "post": 1_200, "fax": 1, "phone": 3, "app": 2, "shop": 1, "mail": 1}
    assert list_words(counts) == '"post" (1,200), "phone" (3), "web" (3), "app" (2), "fax" (1) and 2 more'
    assert list_words(pd.Series(counts)) == list_words(counts) == list_words(Counter(counts))
    assert list_words(counts, most=1) == '"post" (1,200) and 6 more'


def test_counts_of_a_category_column_leave_out_what_does_not_occur():
    held = pd.Series(pd.Categorical(["a", "b", "b"], categories=["a", "b", "never"])).value_counts()
    assert list_words(held) == '"b" (2), "a" (1)'
    assert list_words({}) == ""


def test_a_word_is_short_and_on_one_line():
    assert list_words({"x" * 100: 1}) == f'"{"x" * 30}…" (1)'
    assert list_words({"a\u202eb\x1b[1m\n": 2}) == '"a�b�[1m�" (2)'
