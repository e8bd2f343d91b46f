"""Glossary: what each term means, in plain sentences, for the pages' tooltips and for docs/glossary.md.

The terms stand in glossary.toml. `python -m tasks.core.glossary > docs/glossary.md` renews the document.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FILE = Path(__file__).with_name("glossary.toml")
_INTRODUCTION = """# Glossary

The terms that pages, alerts and documents use. The pages explain the same terms in their tooltips.
This file is generated from `tasks/core/glossary.toml`: change that, then run
`python -m tasks.core.glossary > docs/glossary.md`.
"""


@dataclass(frozen=True)
class Term:
    """One term: its meaning in at most two sentences, other words for it, and where the method was published."""

    name: str
    meaning: str
    also: tuple[str, ...] = ()
    source: str = ""


@cache
def load_glossary() -> Mapping[str, Term]:
    """Every term by its name, in alphabetical order."""
    described = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    terms = (
        Term(name, parts["meaning"], tuple(parts.get("also", ())), parts.get("source", ""))
        for name, parts in sorted(described.items(), key=lambda item: item[0].casefold())
    )
    return MappingProxyType({term.name: term for term in terms})


def find_term(words: str) -> Term | None:
    """The term of that name, or with that name among its other words, in any case; None where there is none."""
    return _index_terms().get(words.casefold())


@cache
def _index_terms() -> Mapping[str, Term]:
    terms = load_glossary().values()
    others = {other.casefold(): term for term in terms for other in term.also}
    return MappingProxyType(others | {term.name.casefold(): term for term in terms})


def render_glossary() -> str:
    """The glossary as a Markdown document, one heading a term."""
    return "\n".join([_INTRODUCTION, *(_render_term(term) for term in load_glossary().values())])


def _render_term(term: Term) -> str:
    remarks = [f"Also: {', '.join(term.also)}."] if term.also else []
    remarks += [f"Source: {term.source}."] if term.source else []
    return "\n".join([f"### {term.name}", term.meaning, *(f"*{remark}*" for remark in remarks), ""])


if __name__ == "__main__":
    print(render_glossary(), end="")
