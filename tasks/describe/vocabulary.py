"""Vocabulary: what the names and the words of loan tables usually mean, from `words.toml`."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

LONGEST_NAME = 63


@cache
def read_words() -> dict[str, Any]:
    """All of `words.toml`."""
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


@cache
def list_words(section: str, name: str) -> frozenset[str]:
    """One list of words of `words.toml`."""
    return frozenset(read_words()[section][name])


def write_name(text: str) -> str:
    """A name as a contract takes it: `AppliedAt` and `Applied at (UTC)` become `applied_at` and `applied_at_utc`."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    parted = re.sub(r"([a-z])([A-Z])", r"\1_\2", plain)
    name = re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")[:LONGEST_NAME]
    return f"column_{name}"[:LONGEST_NAME] if name[:1].isdigit() else name or "column"


def write_names(texts: Sequence[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A name for each text, no two alike; `taken` are names in use already."""
    names, used = {}, set(taken)
    for text in texts:
        name, number = write_name(text), 1
        while name in used:
            number += 1
            name = f"{write_name(text)[: LONGEST_NAME - 4]}_{number}"
        used.add(name)
        names[text] = name
    return names


def has_part(name: str, parts: Iterable[str]) -> bool:
    """Whether any part stands in the name as whole words: `member_id` in `new_member_id`, and not `id` in `paid`."""
    return any(f"_{part}_" in f"_{name}_" for part in parts)
