"""Readings: what a column's texts are: numbers, times, words of which kind; by the column alone, whatever its role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tasks.contract.words import fold
from tasks.describe.numbers import NumberFormat, find_number_format, find_special, read_values
from tasks.describe.samples import SampledColumn
from tasks.describe.scales import find_order
from tasks.describe.times import TimeFormat, find_time_format
from tasks.describe.vocabulary import has_part, list_words, read_words, write_name

# So few words are listed as allowed, each seen so often; more are encoded by how frequent they are.
MOST_ALLOWED = 12
_LEAST_SEEN = 3
_LONG_TEXT_WORDS, _LONG_TEXT_SHARE = 4.0, 0.3
_NEARLY_ALL_DIFFERENT = 0.9
_LEAST_VALUES = 5
_MOST_SPELLINGS = 6
_MOST_ODD_TIMES = 50
_BOOLEANS = ({"true", "false"}, {"t", "f"}, {"yes", "no"}, {"y", "n"})


@dataclass
class Reading:
    """What a column's texts are.

    Parameters
    ----------
    type
        As in a contract: number, integer, category, boolean, time; or `empty`.
    options
        The contract's fields for it.
    notes
        Why, as comments.
    doubts
        What a person should look at.
    words
        The words of a category, folded, with their counts in the sample, without those that mean missing.
    number, time
        How numbers or times are written.
    missing
        The words that mean missing, folded.
    is_text
        Whether the words are sentences, or differ from row to row.
    """

    type: str
    options: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    words: dict[str, int] = field(default_factory=dict)
    number: NumberFormat | None = None
    time: TimeFormat | None = None
    missing: tuple[str, ...] = ()
    is_text: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers."""
        return self.type in ("number", "integer")


def read_column(column: SampledColumn) -> Reading:
    """What the texts of a column are."""
    name, counts = write_name(column.name), column.counts
    missing = list_words("values", "missing")
    known = {text: count for text, count in counts.items() if text.lower() not in missing}
    found = tuple(sorted({fold(text) for text in counts if text.lower() in missing}))
    if not known:
        return Reading("empty", missing=found)
    if _is_declared_boolean(column, known):
        return Reading("boolean", missing=found, words=_fold(known))
    time = find_time_format(name, counts, missing)
    if time is not None:
        return _read_time(time, found)
    number = find_number_format(counts, missing)
    if number is not None and not has_part(name, list_words("names", "code")) and not _is_scale(name, known, number):
        return _read_number(name, counts, number, found)
    return _read_words(name, counts, known, column.known)


def _is_scale(name: str, known: Mapping[str, int], number: NumberFormat) -> bool:
    """Whether the words are steps such as 0, 1, 2, 3+, of which most are numbers."""
    return bool(number.others) and find_order(name, list(_fold(known))) is not None


def _is_declared_boolean(column: SampledColumn, known: Mapping[str, int]) -> bool:
    if column.declared.startswith("bool"):
        return True
    return len(known) <= _MOST_SPELLINGS and set(_fold(known)) in _BOOLEANS


def _fold(counts: Mapping[str, int]) -> dict[str, int]:
    folded: dict[str, int] = {}
    for text, count in counts.items():
        folded[fold(text)] = folded.get(fold(text), 0) + count
    return folded


def _read_time(time: TimeFormat, missing: tuple[str, ...]) -> Reading:
    reading = Reading("time", time=time, missing=missing)
    if time.formats:
        reading.options["formats"] = list(time.formats)
    if time.is_ambiguous:
        reading.doubts.append(
            f"read as {time.formats[0]}; day and month may be the other way round"
            if time.formats[0].startswith("%")
            else f"read as {time.formats[0]}, which is a guess"
        )
    if time.others:
        reading.missing += tuple(fold(text) for text in list(time.others)[:_MOST_ODD_TIMES])
        reading.doubts.append(f"not a time, and so without one: {_name_words(time.others)}")
    return reading


def _read_number(name: str, counts: Mapping[str, int], form: NumberFormat, missing: tuple[str, ...]) -> Reading:
    reading = Reading("integer" if form.is_integer else "number", number=form, missing=missing)
    values, seen = read_values(counts, form)
    special = find_special(values, seen)
    if form.decimal == "," or form.is_spaced:
        reading.options["decimal"] = form.decimal or "."
    if form.is_ambiguous:
        example = next(text for text in counts if "." in text)
        meant = "thousands" if form.decimal == "," else "decimals"
        reading.doubts.append(f"{example} is read with {meant} after the dot, which is a guess")
    if form.affixes:
        reading.options["affixes"] = list(form.affixes)
    if unit := form.currency or _find_unit(name, form):
        reading.options["unit"] = unit
    if form.others:
        reading.missing += tuple(fold(text) for text in form.others)
        reading.doubts.append(f"read as missing: {_name_words(form.others)}")
    if special:
        reading.options["special"] = {_write_number(value): "not stated" for value in special}
        reading.doubts.append(
            f"read as not stated: {', '.join(map(_write_number, special))}; `special` says what it means"
        )
    _add_range(reading, name, values[~np.isin(values, special)])
    return reading


def _find_unit(name: str, form: NumberFormat) -> str:
    units = read_words()["units"]
    if form.affixes:
        return str(units["spelt_out"].get(form.affixes[0], form.affixes[0]))
    by_name = units["by_name"]
    return next((unit for unit, parts in by_name.items() if has_part(name, parts)), "")


def _add_range(reading: Reading, name: str, values: np.ndarray[Any, Any]) -> None:
    """A range that the name or the unit gives, where nearly all values keep to it."""
    if not len(values):
        return
    for kind, known in read_words()["ranges"].items():
        is_meant = has_part(name, known["of"]) or kind == reading.options.get("unit")
        if not is_meant or (kind == "score" and reading.options.get("decimal")):
            continue
        inside = (values >= known["min"]) & (values <= known.get("max", np.inf))
        if inside.mean() >= (0.5 if kind == "score" else 1.0):
            reading.options |= {side: known[side] for side in ("min", "max") if side in known}
            reading.notes.append(f"range: {known['why']}")
            return
    if values.min() >= 0 and len(values) >= _LEAST_VALUES:
        reading.options["min"] = 0
        reading.notes.append("range: no value is negative")


def _read_words(name: str, counts: Mapping[str, int], known: Mapping[str, int], rows: int) -> Reading:
    perhaps = list_words("values", "perhaps_missing")
    folded = _fold(counts)
    codes = sum(len(word) == 2 and word.isalpha() for word in folded)
    missing = {word for word in folded if word in list_words("values", "missing")}
    kept = {word for word in missing if word in perhaps and not (word == "na" and codes < _LEAST_SEEN + 2)}
    missing -= kept
    words = {word: count for word, count in folded.items() if word not in missing}
    reading = Reading("category", words=words, missing=tuple(sorted(missing)))
    reading.doubts += [
        f"'{word}' is taken as an answer; list it in `missing` if it means that there is none" for word in sorted(kept)
    ]
    if _is_long_text(known, rows):
        reading.is_text = True
        return reading
    order = find_order(name, [word for word in words if word not in perhaps] if kept else list(words))
    if order is not None and len(order) == len(words):
        reading.options["ordered"] = list(order)
    elif len(words) <= MOST_ALLOWED and min(words.values()) >= min(_LEAST_SEEN, rows // 100):
        reading.options |= {"allowed": sorted(words), "encoding": "one_hot"}
    else:
        reading.options["encoding"] = "frequency"
    return reading


def _is_long_text(known: Mapping[str, int], rows: int) -> bool:
    """Whether the texts are sentences, or differ from row to row."""
    share = len(known) / max(rows, 1)
    words = sum(text.count(" ") + 1 for text in known) / len(known)
    return (words >= _LONG_TEXT_WORDS and share >= _LONG_TEXT_SHARE) or (
        share >= _NEARLY_ALL_DIFFERENT and len(known) > MOST_ALLOWED
    )


def _name_words(words: Mapping[str, int]) -> str:
    named = [f"'{word[:30]}'" for word in list(words)[:3]]
    return ", ".join(named) + (f" and {len(words) - 3} more" if len(words) > 3 else "")


def _write_number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:g}"
