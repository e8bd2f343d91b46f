"""Joining what was noted while the parts of a window were read, as if it had been read at once."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.contract.contract import Contract
from tasks.extract.query_results import EXAMPLES, MOST_WORDS, Extract, Unreadable


def join_notes(contract: Contract, parts: Sequence[Extract]) -> Extract:
    """The faults found in reading, without the applications; what counts the whole table is the same in each part."""
    parts = sorted(parts, key=lambda part: part.place)
    return Extract(
        parts[0].applications.head(0),
        _join_unreadable(contract, parts),
        sum(part.repeats for part in parts),
        sum(part.older_versions for part in parts),
        tuple(name for part in parts for name in part.ambiguous),
        max(part.undated for part in parts),
        parts[0].dotted,
    )


def _join_unreadable(contract: Contract, parts: Sequence[Extract]) -> dict[str, Unreadable]:
    joined: dict[str, Unreadable] = {}
    for column in contract.columns:
        held = [part.unreadable[column.name] for part in parts if column.name in part.unreadable]
        if held:
            joined[column.name] = _add_up(held)
    return joined


def _add_up(held: Sequence[Unreadable]) -> Unreadable:
    words: dict[str, int] = {}
    for one in held:
        for word, count in one.words.items():
            if word in words or len(words) < MOST_WORDS:
                words[word] = words.get(word, 0) + count
    examples = tuple(name for one in held for name in one.examples)[:EXAMPLES]
    return Unreadable(sum(one.count for one in held), examples, words)
