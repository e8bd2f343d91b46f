"""Words: the texts of a contract and of a table in the one form in which they are compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from types import MappingProxyType
from typing import Any

FALSE, TRUE = "false", "true"
# How tables write the two values of a boolean column, apart from the words themselves.
BOOLEAN_ALIASES = MappingProxyType(
    dict.fromkeys(("f", "0", "no", "n"), FALSE) | dict.fromkeys(("t", "1", "yes", "y"), TRUE)
)

# A non-breaking or narrow blank looks like a blank, and what has no width looks like nothing.
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))), " ")
_WIDTHLESS = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"), "")
_UNSEEN = _BLANKS | _WIDTHLESS


def fold_blanks(text: str) -> str:
    """A text with plain blanks, and without white space around it."""
    return text.strip() if text.isascii() else text.translate(_UNSEEN).strip()


def fold(text: str) -> str:
    """A text as it is compared: with plain blanks, none around it, in lower case, and composed (Unicode's NFC)."""
    folded = fold_blanks(text).lower()
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


def write_word(value: Any) -> Any:
    """A number or a boolean of a TOML or JSON file as the word that it is in a table; anything else as it is."""
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def write_words(values: Any) -> Any:
    """The same for a list of values, or for the values of a table."""
    if isinstance(values, dict):
        return {key: write_word(value) for key, value in values.items()}
    return tuple(map(write_word, values)) if isinstance(values, list | tuple) else values


def find_word(word: str, known: Collection[str]) -> str | None:
    """The one of the known words that is the same word or the same number: `1.0` is `1`; None where there is none."""
    if word in known:
        return word
    number = read_plain_number(word)
    return None if number is None else _index_numbers(tuple(known)).get(number)


def find_words(words: Iterable[str], known: Collection[str]) -> list[str]:
    """Each word as the known ones write it; a word that is not among them as it is."""
    return [find_word(word, known) or word for word in words]


def read_plain_number(word: str) -> float | None:
    """The number that a word is, such as `1`, `-1.0` or `2.50`; None for any other word."""
    digits = word.removeprefix("-").replace(".", "", 1)
    return float(word) if digits.isascii() and digits.isdecimal() else None


@lru_cache(maxsize=1_000)
def _index_numbers(words: tuple[str, ...]) -> dict[float, str]:
    """The words that are numbers, by their number; of two with the same number the first."""
    numbers = [(read_plain_number(word), word) for word in words]
    return {number: word for number, word in reversed(numbers) if number is not None}
