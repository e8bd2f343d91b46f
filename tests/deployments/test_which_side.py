"""Which side changed: the table of cases, and how a line tells them."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.which_side import ABSENT, compare, merge, sign

CASES = [
    # what it is                                    before   here     server   written  kept
    ("nothing changed", 1, 1, 1, None, None),
    ("loanwatch changed it", 1, 2, 1, 2, None),
    ("a person changed it", 1, 1, 3, None, 3),
    ("both changed it, to something else", 1, 2, 3, None, 3),
    ("both changed it, to the same", 1, 2, 2, None, None),
    ("new in loanwatch", ABSENT, 2, ABSENT, 2, None),
    ("gone from loanwatch", 1, ABSENT, 1, ABSENT, None),
    ("a person added it", ABSENT, ABSENT, 3, None, 3),
    ("a person removed it", 1, 1, ABSENT, None, ABSENT),
    ("gone from loanwatch, and a person changed it", 1, ABSENT, 3, None, 3),
]


def hold(value: Any) -> dict[str, Any]:
    return {} if value is ABSENT else {"path": value}


@pytest.mark.parametrize(
    ("before", "here", "server", "written", "kept"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_value_follows_who_changed_it(before: Any, here: Any, server: Any, written: Any, kept: Any) -> None:
    found = compare(hold(here), hold(server), sign(hold(before)))
    assert found.write == ({} if written is None else {"path": written})
    assert found.kept == ({} if kept is None else {"path": kept})


def test_without_a_memory_every_difference_is_a_persons() -> None:
    found = compare({"a": 1, "b": 2}, {"a": 5, "c": 3}, None)
    assert (found.write, found.kept) == ({}, {"a": 5, "b": ABSENT, "c": 3})


def test_reset_writes_everything() -> None:
    ours, theirs = {"a": 1, "b": 2}, {"a": 5, "c": 3}
    assert merge(theirs, compare(ours, theirs, None, reset=True)) == ours


def test_the_line_tells_what_was_done() -> None:
    ours = {"a": 1, "schedules.x": {}, "schedules.x.active": True, "d": [1]}
    theirs = {"a": 2, "d": ["long " * 20], "e": True}
    found = compare(ours, theirs, sign({"a": 2, "d": [1]}))
    kept = "kept what was changed on the server: d, e (true)"
    assert found.describe("thing", ["code"]) == f"thing: updated code, a, schedules.x; {kept}"
    assert compare(ours, ours, None).describe("thing") == "thing: as it should be"
