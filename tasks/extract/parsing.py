"""Typed columns: numbers, categories and times from texts. A text that cannot be read is missing, and is counted.

The batch, the CSV files and the scoring API share these readers. Arrow reads whole columns at once; the few texts that
it cannot read go one by one through `read_number`, `read_time` and `read_category`, which define the formats.

**Missing values.** A blank text is always missing. Numbers and times also treat the texts of NO_VALUE as missing: none
of them can be a number or a time, so nothing is lost. A category does not: "none" (no guarantor) and "na" (a country
code) are answers of some lenders, and a reader that drops an answer hides it from every check. A lender whose
categories use such texts for a missing value lists them in the contract: `missing = ["n/a"]`, for the whole table or
for one column. The contract adds to NO_VALUE and never takes from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import pyarrow as pa
import pyarrow.compute as pc

from tasks.contract.words import find_word, fold, read_plain_number
from tasks.extract.number_texts import PLAIN_NUMBERS, NumberForm, read_number, read_numbers
from tasks.extract.texts import NO_VALUE, NOTHING_LISTED, UnreadableTextError
from tasks.extract.time_texts import PLAIN_TIMES, TimeForm, read_time, read_times, read_whole_seconds

__all__ = [
    "NOTHING_LISTED",
    "NO_VALUE",
    "PLAIN_NUMBERS",
    "PLAIN_TIMES",
    "NumberForm",
    "TimeForm",
    "UnreadableTextError",
    "order_categories",
    "read_categories",
    "read_category",
    "read_number",
    "read_numbers",
    "read_time",
    "read_times",
    "read_whole_seconds",
]


def read_category(
    text: str, aliases: Mapping[str, str], missing: Set[str] = NOTHING_LISTED, allowed: Sequence[str] = ()
) -> str | None:
    """The category in a text: folded, under the name that the contract prefers; None where it means missing.

    Where the contract's words are numbers, the same number is the same word: `1.0` is `1`.
    """
    folded = fold(text)
    if not folded or folded in missing:
        return None
    if folded in aliases or folded in allowed or read_plain_number(folded) is None:
        return aliases.get(folded, folded)
    if missing and find_word(folded, missing):
        return None
    word = find_word(folded, (*allowed, *aliases)) or folded
    return aliases.get(word, word)


def read_categories(
    texts: pa.DictionaryArray,
    aliases: Mapping[str, str],
    missing: Set[str] = NOTHING_LISTED,
    allowed: Sequence[str] = (),
) -> pa.DictionaryArray:
    """A column of texts as categories."""
    distinct = texts.dictionary.to_pylist()
    read = [None if text is None else read_category(text, aliases, missing, allowed) for text in distinct]
    named = pa.array(read, pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(pc.take(named.indices, texts.indices), named.dictionary)


def order_categories(categories: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same values, with the dictionary in the order in which they first appear."""
    order = pc.unique(categories.indices).drop_null()
    return pa.DictionaryArray.from_arrays(pc.index_in(categories.indices, order), pc.take(categories.dictionary, order))
