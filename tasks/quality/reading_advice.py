"""Advice on texts that cannot be read: which field of the contract would read them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from tasks.contract.columns import Column
from tasks.contract.words import fold
from tasks.extract.parsing import NumberForm, TimeForm, UnreadableTextError, read_number, read_time
from tasks.extract.query_results import describe_numbers

FORMATS = (
    "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M",
    "%Y/%m/%d", "%b-%Y", "%d-%b-%Y", "%Y%m%d", "%Y-%m", "unix", "unix_ms",
)  # fmt: skip
_BESIDE = re.compile(r"([^\d.,'+-]*)[+-]?\s*[\d.,' ]*\d[.,]?(.*)", re.ASCII | re.DOTALL)
_SHORT = re.compile(r"[^\W\d][^\W\d]*(?:[ ./-][^\W\d]+)*\.?|[?*.#-]{1,3}")  # words and signs, and no free text
_LONGEST = 20
_MOST = 3  # affixes or missing words that a sentence proposes
_LEAST_SHARE = 0.05  # of the texts: what reads fewer of them is not worth a sentence


def advise_reading(column: Column, words: Mapping[str, int]) -> str:
    """What to add to the contract, such as '`decimal = ","` reads 20 of them'; empty where nothing is known to help.

    `words` are the texts that cannot be read, with how often each occurs.
    """
    found = list(_advise_times(words) if column.type == "time" else _advise_numbers(column, words))
    least = _LEAST_SHARE * sum(words.values())
    return "; ".join(f"{field} {effect.format(f'{rows:,}')}" for field, effect, rows in found if rows >= max(least, 1))


def _advise_numbers(column: Column, words: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    form = describe_numbers(column)
    forms = [replace(form, whole=False)] if form.whole else []
    signs: tuple[str | None, ...] = (form.decimal, ".", ",")
    beside = _find_affixes(words)
    forms += [replace(form, decimal=sign) for sign in signs]
    forms += [replace(form, decimal=sign, affixes=(*form.affixes, *beside)) for sign in signs if beside]
    counts = [_count(words, _reads_number(other)) for other in forms]
    best = forms[counts.index(max(counts))]  # of equal ones the first, which changes least
    if max(counts):
        yield _write(form, best, beside), "reads {} of them", max(counts)
    bare = Counter({word: rows for word, rows in words.items() if len(word) <= _LONGEST and _SHORT.fullmatch(word)})
    listed = [word for word, _ in bare.most_common(_MOST)]
    if listed:
        rows = sum(bare[word] for word in listed)
        yield f"`missing = {_quote([fold(word) for word in listed])}`", "counts {} of them as missing", rows


def _advise_times(words: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    counts = [_count(words, _reads_time(TimeForm((form,)))) for form in FORMATS]
    if max(counts):
        yield f"`formats = {_quote([FORMATS[counts.index(max(counts))]])}`", "reads {} of them", max(counts)


def _find_affixes(words: Mapping[str, int]) -> tuple[str, ...]:
    """The texts that stand beside most numbers."""
    found: Counter[str] = Counter()
    for word, rows in words.items():
        match = _BESIDE.fullmatch(fold(word))
        for text in match.groups() if match else ():
            affix = text.strip()
            if 0 < len(affix) <= _LONGEST and affix.isprintable() and not re.search(r"^[\d.,+-]|\d{2}", affix):
                found[affix] += rows
    return tuple(affix for affix, _ in found.most_common(_MOST))


def _write(form: NumberForm, best: NumberForm, beside: tuple[str, ...]) -> str:
    """The fields in which a form differs from the contract's."""
    fields = ['`type = "number"`'] if best.whole != form.whole else []
    fields += [f'`decimal = "{best.decimal}"`'] if best.decimal != form.decimal else []
    fields += [f"`affixes = {_quote([*form.affixes, *beside])}`"] if best.affixes != form.affixes else []
    return " with ".join(fields)


def _count(words: Mapping[str, int], is_read: Callable[[str], bool]) -> int:
    return sum(rows for word, rows in words.items() if is_read(word))


def _reads_number(form: NumberForm) -> Callable[[str], bool]:
    def is_read(word: str) -> bool:
        try:
            read_number(word, form=form)
        except UnreadableTextError:
            return False
        return True

    return is_read


def _reads_time(form: TimeForm) -> Callable[[str], bool]:
    def is_read(word: str) -> bool:
        try:
            time = read_time(word, form=form)
        except UnreadableTextError:
            return False
        return time is not None and 1970 < time.year < 2100  # any number is a time of some format

    return is_read


def _quote(texts: list[str]) -> str:
    return "[" + ", ".join('"' + text.replace('"', '\\"') + '"' for text in texts) + "]"
