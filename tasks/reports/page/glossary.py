"""The glossary of a page: terms link to their meaning at its end, and show it as a tooltip."""

from __future__ import annotations

from markupsafe import Markup

from tasks.core.glossary import Term, find_term


class PageGlossary:
    """The terms that one page uses. A link works with mouse, keyboard and touch, and the section prints."""

    def __init__(self) -> None:
        self._used: dict[str, Term] = {}

    @property
    def used(self) -> list[Term]:
        """The terms used so far, in alphabetical order."""
        return sorted(self._used.values(), key=lambda term: term.name.casefold())

    def link(self, text: str, name: str = "") -> Markup:
        """The text as a link to its term, or to the term of another name. Raises KeyError for an unknown term."""
        term = self._use(name or text)
        return Markup('<a class="term" href="#{}" title="{}">{}</a>').format(anchor(term), term.meaning, text)

    def explain(self, name: str) -> str:
        """The meaning of a term that the page states itself."""
        return self._find(name).meaning

    def _use(self, name: str) -> Term:
        term = self._find(name)
        self._used[term.name] = term
        return term

    def _find(self, name: str) -> Term:
        term = find_term(name)
        if term is None:
            raise KeyError(f"{name!r} is not in tasks/core/glossary.toml.")
        return term


def anchor(term: Term) -> str:
    """The id of a term in the page."""
    return "term-" + term.name.casefold().replace(" ", "-")
