"""Numbers: how a column writes them (decimal sign, units), and which values stand for something else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd

from tasks.core.arrays import Floats
from tasks.describe.vocabulary import list_words

_PARTS = re.compile(
    r"([^\d+\-.,]*?)\s*([+-]?(?:\d[\d.,'\u00a0\u202f\u2009 ]*|[.,]\d+)(?:e[+-]?\d+)?)\s*([^\d]*)", re.IGNORECASE
)
_SPACED = re.compile(r"\d['\u00a0\u202f\u2009 ]\d")
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
# Nearly all values must be numbers; the others are then words such as "exempt".
_LEAST_NUMBERS = 0.9
_MOST_OTHER_WORDS = 5
_MOST_CODES, _LEAST_DIFFERENT = 2, 30
_MOST_WRITTEN_CODES = 20
# So many different texts show how numbers are written.
_MOST_TEXTS = 4_000
# A value that stands for something else occurs so often, and lies so far from all others.
_LEAST_SPECIAL = 0.002
_LEAST_TIMES = 3
_FAR = 2.0
_MOST_NEGATIVE_CODES = 4
_NINES = re.compile(r"9{2,}|9+0*|8{4,}|7{4,}")


@dataclass(frozen=True)
class NumberFormat:
    """How a column writes its numbers.

    Parameters
    ----------
    decimal
        The decimal sign, or None where no value has one.
    affixes
        The texts before or after the numbers, such as % or months.
    currency
        The unit that a currency's sign names, or an empty text.
    others
        The words that are no numbers, with their counts; some may mean that the value is missing.
    is_integer
        Whether all numbers are whole and none is written with a decimal sign.
    is_ambiguous
        Whether 8.950 may be 8.95 or 8950.
    is_spaced
        Whether blanks or apostrophes part thousands, which a contract has to say.
    """

    decimal: str | None
    affixes: tuple[str, ...]
    currency: str
    others: dict[str, int]
    is_integer: bool
    is_ambiguous: bool = False
    is_spaced: bool = False


def find_number_format(counts: Mapping[str, int], missing: frozenset[str]) -> NumberFormat | None:
    """How a column of such texts writes numbers; None where it does not."""
    known = dict(islice(((text, count) for text, count in counts.items() if text.lower() not in missing), _MOST_TEXTS))
    if not known:
        return None
    parts = {text: _PARTS.fullmatch(text) for text in known}
    accepted = {text: match for text, match in parts.items() if match and _is_unit(match[1], match[3])}
    others = {text: count for text, count in known.items() if text not in accepted}
    share = sum(known[text] for text in accepted) / sum(known.values())
    are_numbers = share >= _LEAST_NUMBERS and len(others) <= _MOST_OTHER_WORDS
    if not accepted or not (are_numbers or _are_codes(accepted, others)):
        return None
    written = [match[2] for match in accepted.values()]
    decimal, is_ambiguous = _find_decimal(written)
    if any(_is_clash(text, decimal) for text in written):
        return None
    affixes = {_fold(match[place]) for match in accepted.values() for place in (1, 3)} - {""}
    signs = {sign for sign in _CURRENCIES if any(sign in affix for affix in affixes)}
    return NumberFormat(
        decimal=decimal,
        affixes=tuple(sorted(affix for affix in (_drop_currency(affix) for affix in affixes) if affix)),
        currency=_CURRENCIES[signs.pop()] if len(signs) == 1 else "",
        others=others,
        is_integer=_are_whole(written, decimal),
        is_ambiguous=is_ambiguous,
        is_spaced=any(_SPACED.search(text) for text in written),
    )


def _are_whole(written: Sequence[str], decimal: str | None) -> bool:
    """Whether no number has decimals; a few codes may be written 1.0, as pandas writes whole numbers with gaps."""
    decimals = {text.partition(decimal)[2] for text in written if decimal and decimal in text}
    return not decimals or (decimals == {"0"} and len(set(written)) <= _MOST_WRITTEN_CODES)


def _are_codes(accepted: Mapping[str, object], others: Mapping[str, int]) -> bool:
    """Whether the words beside many different numbers are one or two codes, however frequent."""
    return 0 < len(others) <= _MOST_CODES and len(accepted) >= _LEAST_DIFFERENT


def read_values(counts: Mapping[str, int], form: NumberFormat) -> tuple[Floats, Floats]:
    """The numbers that occur, and how often each does."""
    numbers = pd.Series(list(counts.values()), index=read_texts(list(counts), form), dtype=float)
    added = numbers[np.isfinite(numbers.index)].groupby(level=0).sum().sort_index()
    return np.asarray(added.index, dtype=np.float64), np.asarray(added, dtype=np.float64)


def read_texts(texts: Sequence[str], form: NumberFormat) -> Floats:
    """The number in each text; NaN where there is none."""
    plain = pd.to_numeric(pd.Series(texts, dtype="object"), errors="coerce").to_numpy(dtype=float, copy=True)
    is_open = ~np.isfinite(plain)
    if form.decimal == ",":
        is_open |= np.array(["." in text for text in texts], dtype=bool)
    for place in np.flatnonzero(is_open).tolist():
        match = _PARTS.fullmatch(texts[place])
        is_number = match is not None and texts[place] not in form.others and _is_unit(match[1], match[3])
        plain[place] = read_written(match[2], form.decimal) if match and is_number else np.nan
    return plain


def find_special(values: Floats, counts: Floats) -> list[float]:
    """The values that stand for something else: 99999999, 999, -1: frequent, and far from all others."""
    special: list[float] = []
    least = max(_LEAST_SPECIAL * counts.sum(), _LEAST_TIMES)
    while len(values) - len(special) > 2:
        rest = np.setdiff1d(values, special)
        others = counts[np.isin(values, rest)]
        low, high = rest[0], rest[-1]
        if low < 0 <= high and _are_negative_codes(rest, others, counts):
            special.append(float(low))
        elif _is_nines(high) and high > _FAR * max(rest[-2], 1) and others[-1] >= least:
            special.append(float(high))
        else:
            break
    return sorted(special)


def read_written(text: str, decimal: str | None) -> float:
    """A number as it is written, with its decimal sign."""
    plain = re.sub(r"['\u00a0\u202f\u2009 ]", "", text)
    thousands = "." if decimal == "," else ","
    plain = plain.replace(thousands, "")
    return float(plain.replace(",", ".") if decimal == "," else plain)


def _are_negative_codes(rest: Floats, others: Floats, counts: Floats) -> bool:
    """Whether the negative values are a few whole codes, such as -7, -8 and -9."""
    negative = rest[rest < 0]
    are_few = bool((negative == negative.round()).all()) and len(negative) <= _MOST_NEGATIVE_CODES
    return are_few and bool(others[: len(negative)].sum() >= _LEAST_SPECIAL * counts.sum())


def _is_nines(value: float) -> bool:
    return value == round(value) and value >= 99 and _NINES.fullmatch(str(int(value))) is not None


def _is_unit(before: str, after: str) -> bool:
    return all(
        not part or _drop_currency(part) in {"", *list_words("units", "affixes")}
        for part in map(_fold, (before, after))
    )


def _fold(text: str) -> str:
    return text.strip().lower()


def _drop_currency(text: str) -> str:
    return re.sub(r"[$€£¥]", "", text).strip()


def _find_decimal(written: list[str]) -> tuple[str | None, bool]:
    """The decimal sign, and whether that is a guess. Every value is asked what it cannot be."""
    votes = {".": 0, ",": 0}
    threes: dict[str, list[str]] = {".": [], ",": []}
    for text in written:
        dots, commas = text.count("."), text.count(",")
        if dots and commas:
            votes["." if text.rfind(".") > text.rfind(",") else ","] += 1
        elif dots + commas > 1:
            votes["," if dots else "."] += 1  # parted thousands
        elif dots + commas == 1:
            sign = "." if dots else ","
            before, _, after = text.partition(sign)
            digits = before.lstrip("+-")
            if len(re.match(r"\d*", after)[0]) == 3 and 1 <= len(digits) <= 3 and not digits.startswith("0"):  # type: ignore[index]
                threes[sign].append(text)
            else:
                votes[sign] += 1
    if votes["."] or votes[","]:
        return max(votes, key=lambda sign: votes[sign]), False
    if threes[","]:
        return ".", False  # 8,950 is 8950 nearly everywhere
    if not threes["."]:
        return None, False
    return _judge_dots(written, threes["."])


def _judge_dots(written: list[str], dotted: list[str]) -> tuple[str, bool]:
    """Whether 8.950 is 8950: it is where all have three digits after the sign, and the others are below 1000."""
    plain = [text for text in written if "." not in text]
    is_thousands = len(dotted) > 1 and all(len(text.lstrip("+-")) <= 3 for text in plain)
    ends = sum(text.endswith("0") for text in dotted) / len(dotted)
    # Decimals are written without zeros at their end, unless all have equally many digits.
    return ("," if is_thousands and ends > 0 else "."), is_thousands


def _is_clash(text: str, decimal: str | None) -> bool:
    """Whether a text cannot be a number in this format: 1.234,5 where the decimal sign is a dot."""
    sign = decimal or "."
    thousands = "," if sign == "." else "."
    fraction = text.partition(sign)[2]
    return thousands in fraction or sign in fraction
