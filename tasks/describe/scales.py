"""Scales: words that have an order, and the order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.describe.vocabulary import has_part, list_words, read_words

_LEAST_WORDS = 3
_MOST_WORDS = 60
_STEP = re.compile(
    r"(?P<below><=?|under|less than|up to|below|until)?\s*(?P<above>>=?|over|more than|above)?\s*[$€£]?\s*"
    r"(?P<low>\d+(?:[.,]\d+)?)\s*[%k]?\s*(?:(?:-|–|to)\s*<?\s*[$€£]?\s*(?P<high>\d+(?:[.,]\d+)?)\s*k?)?\s*"
    r"(?P<more>\+|and over|and above|or more|plus)?\s*(?P<unit>[a-z%]*)"
)  # fmt: skip
_LETTER, _LETTER_AND_DIGIT = re.compile(r"[a-k]"), re.compile(r"[a-k]\d{1,2}")
# A half step: below 1 comes before 1, and 10+ after 10.
_HALF = 0.5


def find_order(name: str, words: Sequence[str]) -> tuple[str, ...] | None:
    """The words, folded, in their order; None where they have none."""
    if not 2 <= len(words) <= _MOST_WORDS:
        return None
    return _order_by_scale(words) or _order_by_steps(words) or _order_by_letters(name, words)


def _order_by_scale(words: Sequence[str]) -> tuple[str, ...] | None:
    for scale in read_words()["scales"].values():
        known = [word for word in words if word.replace("_", " ").replace("-", " ") in scale]
        if len(known) == len(words) >= _LEAST_WORDS:
            return tuple(sorted(words, key=lambda word: scale.index(word.replace("_", " ").replace("-", " "))))
    return None


def _order_by_steps(words: Sequence[str]) -> tuple[str, ...] | None:
    """`< 1 year`, `1 year` … `10+ years`; `18-25`, `26-35`; `0`, `1`, `2`, `3+`."""
    matches = {word: _STEP.fullmatch(word) for word in words}
    if len(words) < _LEAST_WORDS or not all(matches.values()):
        return None
    if not any(match and any(match[part] for part in ("below", "above", "high", "more")) for match in matches.values()):
        return None
    units = {match["unit"].rstrip("s") for match in matches.values() if match and match["unit"]}
    return tuple(sorted(words, key=lambda word: _rank(matches[word]))) if len(units) <= 1 else None


def _rank(match: re.Match[str] | None) -> float:
    if match is None:
        return 0.0
    low = float(match["low"].replace(",", ""))
    return low - _HALF * bool(match["below"]) + _HALF * bool(match["above"] or match["more"])


def _order_by_letters(name: str, words: Sequence[str]) -> tuple[str, ...] | None:
    """Grades A to G, or A1 to G5, of a column that is named so: A is the best, and the lowest comes first."""
    if len(words) < _LEAST_WORDS or not has_part(name, list_words("names", "graded")):
        return None
    is_graded = any(all(form.fullmatch(word) for word in words) for form in (_LETTER, _LETTER_AND_DIGIT))
    return tuple(sorted(words, key=lambda word: (word[0], int(word[1:] or 0)), reverse=True)) if is_graded else None
