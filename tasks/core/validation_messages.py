"""Mistakes in a file that a person wrote, each with its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError


def describe_mistakes(error: ValidationError, described: dict[str, Any], noun: str = "option") -> str:
    """Every mistake on a line of its own, columns by their names; `noun` is what the file holds."""
    lines = []
    for mistake in error.errors(include_url=False, include_context=False):
        place = [str(part) for part in mistake["loc"]]
        if len(place) > 1 and place[1].isdigit():
            entry = described[place[0]][int(place[1])]
            label = entry.get("name") or entry.get("table") if isinstance(entry, dict) else None
            place[:2] = [f"[[{place[0]}]] {label or f'number {int(place[1]) + 1}'}"]
        text = mistake["msg"].removeprefix("Value error, ")
        if mistake["type"] == "extra_forbidden":
            text = f"no such {noun}; check the spelling"
        lines.append(f"{' › '.join(place)}: {text}" if place else text)
    return format_mistakes(lines)


def format_mistakes(lines: Sequence[str]) -> str:
    """A count, and each mistake on a line of its own."""
    return f"{len(lines)} mistake{'s' if len(lines) > 1 else ''}:\n" + "\n".join(f"  {line}" for line in lines)
