"""Which side changed a value: a person, on the server, or loanwatch, since it was set up last?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# The value of a path that one of the sides does not have.
ABSENT: Final = object()
SHORT = 40  # characters that a value may have to be shown


@dataclass(frozen=True)
class Comparison:
    """`write` is what loanwatch changed, `kept` what a person did: the value by its path, ABSENT where it goes."""

    write: dict[str, Any]
    kept: dict[str, Any]

    def describe(self, name: str, others: Iterable[str] = ()) -> str:
        """What was done to the thing of this name, in a line. `others` were written, too."""
        written = [*others, *_shorten(self.write)]
        parts = ["updated " + ", ".join(written)] if written else []
        if self.kept:
            parts.append(
                "kept what was changed on the server: " + ", ".join(_show(p, self.kept[p]) for p in _shorten(self.kept))
            )
        return f"{name}: {'; '.join(parts) or 'as it should be'}"


def compare(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], last: Mapping[str, str] | None, *, reset: bool = False
) -> Comparison:
    """What is to be written and what is kept, by path.

    `ours` is what loanwatch says now, `theirs` what the server holds, `last` the signatures of what loanwatch said
    when it was set up last. A value that is as loanwatch left it follows loanwatch; any other is a person's and stays,
    unless everything is reset. Without `last`, every difference is a person's.
    """
    known = sign(ours) if last is None else last
    write: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    for path in sorted({*ours, *theirs}):
        mine, there = ours.get(path, ABSENT), theirs.get(path, ABSENT)
        if mine == there:
            continue
        untouched = known.get(path) == (None if there is ABSENT else sign_value(there))
        if reset or untouched:
            write[path] = mine
        else:
            kept[path] = there
    return Comparison(write, kept)


def merge(theirs: Mapping[str, Any], comparison: Comparison) -> dict[str, Any]:
    """What the server shall hold."""
    return {path: value for path, value in {**theirs, **comparison.write}.items() if value is not ABSENT}


def sign(values: Mapping[str, Any]) -> dict[str, str]:
    """The signature of each value: enough to see whether it is still the same."""
    return {path: sign_value(value) for path, value in values.items()}


def sign_value(value: Any) -> str:
    """A short hash; equal values have equal ones."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:8]


def _shorten(paths: Iterable[str]) -> list[str]:
    """The paths without those that lie below another one."""
    every = sorted(paths)
    return [path for path in every if not any(path.startswith(f"{other}.") for other in every)]


def _show(path: str, value: Any) -> str:
    if value is ABSENT:
        return f"{path} (removed)"
    text = json.dumps(value, default=str)
    return f"{path} ({text})" if len(text) <= SHORT else path
