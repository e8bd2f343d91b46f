"""Formats of results for people: amounts, shares and lists."""

from __future__ import annotations

from collections.abc import Sequence

AUC = "AUC"


def format_amount(amount: float, unit: str) -> str:
    """An effect in its unit: percentage points for shares, three decimals for an AUC."""
    return f"{amount:.3f}" if unit == AUC else f"{100 * amount:.1f} points"


def format_share(share: float) -> str:
    """A share as a percentage."""
    return f"{100 * share:.1f} %"


def join_list(names: Sequence[str]) -> str:
    """A list in a sentence."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
