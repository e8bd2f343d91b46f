"""Changed limits: which limits of a policy differ from the defaults. Report, history, Slack and terminal name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tasks.core.policy import MonitorPolicy
from tasks.core.wording import list_some

# A run finds its cadence itself where none is given: it is no limit that a person changed.
_SETTLED = frozenset({"drift.cadence"})
# No verdict depends on when pages are drawn.
_NO_LIMITS = frozenset({"pages"})


@dataclass(frozen=True)
class ChangedLimit:
    """A limit with another value than the default; `name` is its path in a policy file, such as drift.label_limit."""

    name: str
    value: Any
    default: Any

    def __str__(self) -> str:
        """For a person: "drift.label_limit 0.05 (default 0.03)"."""
        return f"{self.name} {say_limit(self.value)} (default {say_limit(self.default)})"


def list_changed_limits(policy: Mapping[str, Any]) -> list[ChangedLimit]:
    """The limits that differ from the defaults, in the order of a policy file.

    Parameters
    ----------
    policy : mapping
        A policy as plain JSON values, as in summary.json; what it does not name has its default.
    """
    given = {f"{part}.{name}": value for part, limits in policy.items() for name, value in limits.items()}
    return [
        ChangedLimit(name, given[name], default)
        for name, default in read_default_limits().items()
        if name in given and given[name] != default and name not in _SETTLED
    ]


def tell_changed_limits(limits: Sequence[ChangedLimit], most: int = 5) -> str:
    """The changed limits in a line, the first few of them; empty where none differs."""
    return list_some([str(limit) for limit in limits], most)


def say_limit(value: Any) -> str:
    """A limit's value for a person."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "none" if value is None else str(value)


@cache
def read_default_limits() -> dict[str, Any]:
    """Every limit's default as a plain JSON value, by its path, in the order of a policy file."""
    return {
        f"{part}.{name}": value
        for part, limits in MonitorPolicy().model_dump(mode="json", exclude=set(_NO_LIMITS)).items()
        for name, value in limits.items()
    }
