"""How results are worded for people: amounts, shares, lists, and the names of verdicts."""

from __future__ import annotations

from collections.abc import Sequence

AUC = "AUC"


def format_amount(amount: float, unit: str) -> str:
    """An effect in its unit: points of a hundred for shares, three decimals for an area."""
    return f"{amount:.3f}" if unit == AUC else f"{100 * amount:.1f} points"


def format_share(share: float) -> str:
    """A share as a percentage."""
    return f"{100 * share:.1f} %"


def join_list(words: Sequence[str]) -> str:
    """A list in a sentence."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
