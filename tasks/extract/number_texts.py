"""Numbers from texts: with either decimal sign, parted thousands, a currency sign, and what else stands beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache, partial

import pyarrow as pa
import pyarrow.compute as pc

from tasks.contract.words import fold
from tasks.extract.texts import NOTHING_LISTED, UnreadableTextError, fill_others, is_missing

_PLAIN_NUMBER = r"^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$"
_CURRENCIES = "$€£¥"
_OF_NUMBERS = frozenset("0123456789e+-., '")
_MOST_AFFIXES = 3  # on one side of a number
_TYPOGRAPHY = {ord("\u2019"): "'", ord("\u2212"): "-"}  # an apostrophe and a minus sign as printers set them


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written: the contract's `decimal`, `affixes` and `whole`.

    Where `decimal` is not stated, it is a point, and nothing but a comma parts thousands.
    """

    decimal: str | None = None
    affixes: tuple[str, ...] = ()
    whole: bool = False


PLAIN_NUMBERS = NumberForm()


def read_number(text: str, missing: Set[str] = NOTHING_LISTED, form: NumberForm = PLAIN_NUMBERS) -> float:
    """The number in a text: `1234.5`, `$1,234.50`, `-3`, `1e5`; NaN where it means that the value is missing.

    `missing` holds the texts, folded, that the contract adds to NO_VALUE. What parts thousands must precede three
    digits: `1234,50` would otherwise become a hundred times as much.
    Raises UnreadableTextError for any other text, and for a number that is not finite.
    """
    if is_missing(text, missing):
        return math.nan
    match = re.fullmatch(_make_pattern(form), fold(text).translate(_TYPOGRAPHY), re.ASCII)
    number = float(match[1] + _make_plain(match[2], form)) if match else math.inf
    if math.isinf(number) or (form.whole and not number.is_integer()):
        raise UnreadableTextError(text)
    return number


def read_numbers(
    texts: pa.StringArray, missing: Set[str] = NOTHING_LISTED, form: NumberForm = PLAIN_NUMBERS
) -> tuple[pa.DoubleArray, pa.BooleanArray]:
    """A column of texts as numbers, and which of them are not numbers."""
    numbers = _read_plain(texts, form)
    read = partial(read_number, missing=missing, form=form)
    return fill_others(texts, numbers, read, partial(_read_written, form=form))


def _read_plain(texts: pa.StringArray, form: NumberForm) -> pa.DoubleArray:
    """The numbers as most programs write them; null for every other text."""
    if form.decimal == ",":
        return pa.nulls(len(texts), pa.float64())  # 8.950 is another number here
    try:
        numbers = pc.cast(texts, pa.float64())
    except pa.ArrowInvalid:
        is_plain = pc.match_substring_regex(texts, _PLAIN_NUMBER)
        numbers = pc.cast(pc.if_else(is_plain, texts, None), pa.float64())
    return _keep_valid(numbers, form)


def _read_written(texts: pa.StringArray, form: NumberForm) -> pa.DoubleArray:
    """The numbers in the column's own way of writing; null for every other text."""
    if any(set(affix) <= _OF_NUMBERS for affix in form.affixes):
        return pa.nulls(len(texts), pa.float64())
    lower = pc.ascii_lower(texts)
    plain = pc.if_else(pc.match_substring_regex(lower, f"^{_make_pattern(form)}$"), lower, None)
    # Whatever else stands in a text of that pattern is beside its digits or parts them.
    for sign in (*_list_affixes(form), "+", *" \t\n\v\f\r", *_list_separators(form)):
        plain = pc.replace_substring(plain, sign, "")
    plain = pc.replace_substring(plain, form.decimal or ".", ".")
    is_plain = pc.match_substring_regex(plain, _PLAIN_NUMBER)
    return _keep_valid(pc.cast(pc.if_else(is_plain, plain, None), pa.float64()), form)


def _keep_valid(numbers: pa.DoubleArray, form: NumberForm) -> pa.DoubleArray:
    is_valid = pc.is_finite(numbers)
    if form.whole:
        is_valid = pc.and_(is_valid, pc.equal(numbers, pc.floor(numbers)))
    return pc.if_else(is_valid, numbers, None)


def _make_plain(digits: str, form: NumberForm) -> str:
    for sign in _list_separators(form):
        digits = digits.replace(sign, "")
    return digits.replace(form.decimal or ".", ".")


def _list_separators(form: NumberForm) -> tuple[str, ...]:
    """What may part thousands."""
    if form.decimal is None:
        return (",",)
    return "," if form.decimal == "." else ".", " ", "'"


def _list_affixes(form: NumberForm) -> list[str]:
    """What may stand beside a number, the longest first."""
    return sorted((*_CURRENCIES, *form.affixes), key=len, reverse=True)


@lru_cache(maxsize=1_000)
def _make_pattern(form: NumberForm) -> str:
    """The expression of a number with its sign and its digits as groups, for Python and for Arrow."""
    point = re.escape(form.decimal or ".")
    parted = "|".join(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+" for sign in _list_separators(form))
    beside = "|".join(map(re.escape, _list_affixes(form)))
    affixes = rf"(?:(?:{beside})\s*){{0,{_MOST_AFFIXES}}}"
    digits = rf"(?:{parted}|\d+)(?:{point}\d*)?|{point}\d+"
    return rf"\s*{affixes}([+-]?)\s*{affixes}((?:{digits})(?:e[+-]?\d+)?)\s*{affixes}"
