"""The rules of a column: which options go together, and the one form in which the rest of the code finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.contract.words import BOOLEAN_ALIASES, FALSE, TRUE, find_word

if TYPE_CHECKING:
    from tasks.contract.columns import Column

_LIKE_A_NUMBER = re.compile(r"[+-]?\$?\s*(?=.*\d)[\d,.]+(e[+-]?\d+)?")  # every text that reads as a number, and more


@dataclass(frozen=True)
class Decisions:
    """The target's values: those that count as 1, those that count as 0, and those that mean neither."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    others: tuple[str, ...]


def is_boolean(column: Column) -> bool:
    """Whether its values are false and true."""
    return column.type == "boolean" or set(column.categories or ()) == {FALSE, TRUE}


def has_decisions(column: Column) -> bool:
    """Whether its values mean yes or no: the target's, and those of a decision beside it."""
    return column.role in ("target", "decision")


def list_mistakes(column: Column) -> Iterator[str]:
    """Every option that does not go with the column's role or type, or with another option."""
    yield from _list_option_mistakes(column)
    if column.role == "feature" and column.type in ("text", "time"):
        yield "a feature must be a number, an integer, a category or a boolean"
    if (column.role == "time") != (column.type == "time"):
        yield "the time column must have the type time, and no other column may"
    if has_decisions(column):
        yield from _list_target_mistakes(column)
    elif column.positive is not None or column.negative is not None or column.undecided:
        yield "`positive`, `negative` and `undecided` belong to the target"
    yield from _list_model_mistakes(column)
    if column.missing and column.type == "text":
        yield "`missing` belongs to a number, category or time column"
    yield from filter(None, (find_missing_mistake(column, text) for text in column.missing or ()))


def find_missing_mistake(column: Column, text: str) -> str | None:
    """What is wrong with a text that is to mean missing: it has another meaning in this column."""
    if _is_number(column) and _LIKE_A_NUMBER.fullmatch(text):
        return f"`missing` lists {text!r}, which is a number; list it in `special`"
    decided = (*_as_tuple(column.positive), *_as_tuple(column.negative))
    if text in (*(column.categories or ()), *_list_aliases(column), *decided):
        return f"`missing` lists {text!r}, which is also an allowed value or an alias"
    return None


def settle(column: Column) -> dict[str, Any]:
    """What a valid column's options become: one of four types, and one word for each value."""
    settled: dict[str, Any] = {}
    if _is_number(column):
        return {"type": "number", "whole": column.whole or column.type == "integer"}
    if column.type == "boolean":
        settled |= {"type": "category", "allowed": None if column.ordered else column.allowed or (FALSE, TRUE)}
    if is_boolean(column):
        settled["aliases"] = _list_aliases(column)
    return settled | _settle_target(column) if has_decisions(column) else settled


def group_decisions(column: Column) -> Decisions:
    """The target's values. Those of `allowed` that are named nowhere else are negative, unless `negative` is stated."""
    allowed = _list_allowed(column)
    positive, stated, undecided = (
        tuple(dict.fromkeys(_resolve(column, word, allowed) for word in _as_tuple(words)))
        for words in (column.positive, column.negative, column.undecided)
    )
    left = tuple(word for word in allowed if word not in (*positive, *stated, *undecided))
    return Decisions(positive, stated or left, left if stated else ())


def _list_option_mistakes(column: Column) -> Iterator[str]:
    for option in ("min", "max"):
        if getattr(column, option) is not None and not _is_number(column):
            yield f"`{option}` belongs to a number column"
    if column.min is not None and column.max is not None and column.min > column.max:
        yield "`min` is above `max`"
    for option in ("special", "decimal", "affixes", "whole"):
        if getattr(column, option) and not _is_number(column):
            yield f"`{option}` belongs to a number column"
    if column.formats and column.type != "time":
        yield "`formats` belongs to the time column"
    is_category = column.type in ("category", "boolean") or has_decisions(column)
    if (column.categories or column.encoding or column.aliases) and not is_category:
        yield "`allowed`, `ordered`, `encoding` and `aliases` belong to a category column"
    if column.ordered and (column.allowed or column.encoding):
        yield "`ordered` already defines the allowed values and their encoding"
    if column.type == "boolean" and column.categories and set(column.categories) != {FALSE, TRUE}:
        yield "a boolean has the values false and true; list other words in `aliases`, or use the type category"


def _list_model_mistakes(column: Column) -> Iterator[str]:
    """What does not go with the columns of a lender's own model."""
    if column.role == "score" and not _is_number(column):
        yield "the score must be a number or an integer"
    if column.role == "model_version" and column.type != "category":
        yield "the model's version must be a category"
    if column.higher_is and column.role != "score":
        yield "`higher_is` belongs to the score"
    if column.positive_is and column.role != "target":
        yield "`positive_is` belongs to the target"


def _list_target_mistakes(column: Column) -> Iterator[str]:
    if column.type in ("text", "time"):
        yield f"the {column.role} must be a category, a boolean, an integer or a number"
        return
    if column.ordered:
        yield f"`ordered` does not belong to the {column.role}: use `allowed`"
    allowed, decisions = _list_allowed(column), group_decisions(column)
    if not decisions.positive:
        yield f"the {column.role} needs `positive`: the value that counts as 1, or a list of such values"
    if not decisions.negative or (column.allowed is not None and len(column.allowed) < 2):
        yield (
            f"the {column.role} must be a category with exactly two `allowed` values, or state `positive` and "
            "`negative`"
        )
    elif allowed and not set(decisions.positive) <= set(allowed):
        yield f"`positive` must be one of the {column.role}'s `allowed` values: {_quote(allowed)}"
    if decisions.others:
        yield f"`allowed` lists {_quote(decisions.others)}: neither `positive` nor `negative` nor `undecided`"
    undecided = {_resolve(column, word, allowed) for word in column.undecided}
    for one, two, words in (
        ("positive", "negative", set(decisions.positive) & set(decisions.negative)),
        ("positive", "undecided", set(decisions.positive) & undecided),
        ("negative", "undecided", set(decisions.negative) & undecided),
    ):
        if words:
            yield f"{_quote(sorted(words))} cannot be both `{one}` and `{two}`"


def _settle_target(column: Column) -> dict[str, Any]:
    decisions = group_decisions(column)
    positive, negative = decisions.positive[0], decisions.negative[0]
    named = dict.fromkeys(decisions.positive, positive) | dict.fromkeys(decisions.negative, negative)
    aliases = {other: named.get(word, word) for other, word in _list_aliases(column).items()}
    aliases |= {other: word for other, word in named.items() if other != word}
    settled = {"allowed": (negative, positive), "positive": positive, "negative": None}
    return {"type": "category", "aliases": aliases, **settled}


def _list_allowed(column: Column) -> tuple[str, ...]:
    """The target's values, as far as they are stated or its type says them."""
    if column.allowed is not None:
        return column.allowed
    if column.type == "boolean":
        return FALSE, TRUE
    return ("0", "1") if column.type in ("integer", "number") and column.negative is None else ()


def _resolve(column: Column, word: str, allowed: tuple[str, ...]) -> str:
    """The word for the same value in the contract."""
    known = find_word(word, allowed)
    if known is not None:
        return known
    aliases = _list_aliases(column)
    alias = find_word(word, aliases)
    return word if alias is None else aliases[alias]


def _list_aliases(column: Column) -> dict[str, str]:
    return dict(BOOLEAN_ALIASES) | column.aliases if is_boolean(column) else column.aliases


def _is_number(column: Column) -> bool:
    return column.type in ("number", "integer") and not has_decisions(column)


def _as_tuple(words: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words or ()


def _quote(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(map(repr, words))
