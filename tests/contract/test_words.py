"""Words as they are compared: one form for what a reader takes for the same text or the same number."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.contract.words import find_word, fold, read_plain_number, write_word


@given(st.text(max_size=12))
def test_a_folded_word_stays_as_it_is(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert folded == folded.strip()
    assert unicodedata.is_normalized("NFC", folded)


@given(st.text("abc XYZ0123456789.<+_-\t", max_size=12))
def test_plain_text_is_only_trimmed_and_made_lower_case(text: str) -> None:
    assert fold(text) == text.strip().lower()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Caf\u00e9", "cafe\u0301"),  # composed, and with a combining accent
        ("own home", "own\u00a0home"),
        ("own home", "\u2009own\u202fhome\u3000"),
        ("own home", "\ufeffOwn Home\u200b"),
        ("\u00c5", "\u212b"),  # the letter and the unit
    ],
)
def test_what_looks_the_same_is_the_same_word(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("value", "word"),
    [(True, "true"), (False, "false"), (1, "1"), (1.0, "1"), (-2, "-2"), (0.5, "0.5"), ("Yes", "Yes"), (None, None)],
)
def test_values_of_a_file_are_the_words_of_a_table(value: object, word: object) -> None:
    assert write_word(value) == word


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("1.0", ("0", "1"), "1"),
        ("1", ("0.0", "1.0"), "1.0"),
        ("-0", ("0", "1"), "0"),
        ("1.5", ("0", "1"), None),
        ("1.0", ("1", "1.0"), "1.0"),  # the same word goes before the same number
        ("1e0", ("0", "1"), None),
        ("yes", ("0", "1"), None),
        ("", ("0",), None),
    ],
)
def test_the_same_number_is_the_same_word(word: str, known: tuple[str, ...], found: str | None) -> None:
    assert find_word(word, known) == found


@given(st.one_of(st.text(max_size=6), st.text("0123456789.-+e", max_size=6)))
def test_a_plain_number_is_one_for_python_too(word: str) -> None:
    number = read_plain_number(word)
    assert number is None or number == float(word)
