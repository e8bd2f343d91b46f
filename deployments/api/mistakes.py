"""Mistakes: what is wrong with a body, in plain words that never repeat the input: it may be hostile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from deployments.api.records import Mistake, Remark

MOST_MISTAKES = 20
MOST_CHARACTERS = 200


def list_mistakes(errors: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> list[Mistake]:
    """The first of pydantic's errors, each with its place in the body; `columns` are those that may be meant."""
    known = tuple(columns)
    return [
        Mistake(where=_format_place(error["loc"]), what=_describe(error, known)) for error in errors[:MOST_MISTAKES]
    ]


def list_remarks(errors: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> list[Remark]:
    """The same for one application of a list: the place is a column."""
    return [
        Remark(column=None if mistake.where == "body" else mistake.where, what=mistake.what)
        for mistake in list_mistakes(errors, columns)
    ]


def _format_place(location: tuple[Any, ...]) -> str:
    """Such as `term`, without pydantic's names of the alternatives."""
    parts = [part for part in location if part not in ("body", "one", "many")]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    return place[:MOST_CHARACTERS].encode("utf-8", "backslashreplace").decode() or "body"


def _describe(error: Mapping[str, Any], columns: tuple[str, ...]) -> str:
    kind = error["type"]
    if kind == "json_invalid":
        return "is not valid JSON"
    if kind == "extra_forbidden":
        close = get_close_matches(str(error["loc"][-1])[:MOST_CHARACTERS], columns, n=1)
        return f"is not a column of the contract; {f'is {close[0]} meant?' if close else 'check the spelling'}"
    if kind == "missing":
        return "is missing; send null if the value is unknown"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "is not an application: send an object with the contract's columns"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message.encode("utf-8", "backslashreplace").decode()
