"""The target: however a table states a decision, the contract ends with two words and their aliases."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tasks.contract.columns import Column
from tasks.contract.words import BOOLEAN_ALIASES

BOOLEAN = dict(BOOLEAN_ALIASES)


def make_target(**options: Any) -> Column:
    return Column.model_validate({"name": "decision", "role": "target", "type": "category"} | options)


@pytest.mark.parametrize(
    ("stated", "allowed", "aliases"),
    [
        ({"allowed": ["no", "yes"], "positive": "yes"}, ("no", "yes"), {}),
        ({"allowed": ["yes", "no"], "positive": "yes"}, ("no", "yes"), {}),
        ({"allowed": ["N", "Y"], "positive": "Y"}, ("n", "y"), {}),
        ({"allowed": [0, 1], "positive": 1}, ("0", "1"), {}),
        ({"allowed": ["0", "1"], "positive": "1.0"}, ("0", "1"), {}),
        ({"positive": 1, "type": "integer"}, ("0", "1"), {}),
        ({"positive": 0, "type": "number"}, ("1", "0"), {}),
        ({"positive": 2, "negative": [0, 1], "type": "integer"}, ("0", "2"), {"1": "0"}),
        ({"positive": True, "type": "boolean"}, ("false", "true"), BOOLEAN),
        ({"positive": "Yes", "type": "boolean"}, ("false", "true"), BOOLEAN),
        ({"positive": 0, "type": "boolean"}, ("true", "false"), BOOLEAN),
        (
            {"positive": ["Default", "Charged Off"], "negative": "Fully Paid"},
            ("fully paid", "default"),
            {"charged off": "default"},
        ),
        (
            {"positive": ["a", "b"], "allowed": ["a", "b", "c", "d", "e"], "undecided": ["E"]},
            ("c", "a"),
            {"b": "a", "d": "c"},
        ),
        (
            {"positive": "a", "negative": ["b", "c"], "aliases": {"A.": "A", "C.": "c"}},
            ("b", "a"),
            {"a.": "a", "c.": "b", "c": "b"},
        ),
    ],
)
def test_a_target_ends_with_two_words(stated: dict[str, Any], allowed: tuple[str, str], aliases: Any) -> None:
    target = make_target(**stated)
    assert (target.type, target.allowed, target.aliases) == ("category", allowed, aliases)
    assert target.positive == allowed[1]
    assert Column.model_validate(target.model_dump()) == target


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"allowed": ["no", "yes"]}, "needs `positive`"),
        ({"allowed": ["no", "yes"], "positive": "ja"}, "`positive` must be one of"),
        ({"allowed": ["no", "yes"], "positive": ["yes", "ja"]}, "`positive` must be one of"),
        ({"positive": "yes"}, "exactly two `allowed` values, or state `positive` and `negative`"),
        ({"positive": "yes", "negative": ["no", "Yes"]}, "'yes' cannot be both `positive` and `negative`"),
        ({"positive": "yes", "negative": "no", "undecided": ["NO"]}, "both `negative` and `undecided`"),
        ({"positive": ["yes", "open"], "negative": "no", "undecided": ["open"]}, "both `positive` and `undecided`"),
        ({"positive": "a", "negative": "b", "allowed": ["a", "b", "c"]}, "'c': neither `positive` nor `negative`"),
        ({"positive": "a", "negative": "b", "ordered": ["a", "b"]}, "`ordered` does not belong to the target"),
        ({"positive": 1, "type": "text"}, "the target must be a category, a boolean"),
        ({"positive": "x", "type": "boolean"}, "`allowed` values: 'false', 'true'"),
        ({"positive": 1, "type": "integer", "min": 0}, "`min` belongs to a number column"),
        ({"positive": "a", "negative": "b", "missing": ["A"]}, "`missing` lists 'a', which is also"),
    ],
)
def test_a_target_that_says_too_little_or_too_much(stated: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as error:
        make_target(**stated)
    assert told in str(error.value)


def test_several_mistakes_of_a_column_are_told_at_once() -> None:
    with pytest.raises(ValidationError, match=r"`min` belongs.*`formats` belongs.*needs `positive`"):
        make_target(min=1, formats=["%Y"], allowed=["no", "yes"])
