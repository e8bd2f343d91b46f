"""Reading counts: what an extract says of the reading of its rows, as counts that add up over the parts of a window."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.extract.extract import Extract, Unreadable
from tasks.extract.query_results import MOST_WORDS
from tasks.quality.marked import Marked, mark_ids


@dataclass(frozen=True)
class Word:
    """A text that cannot be read: how often it occurs, and the part and the place where it was found first."""

    rows: int
    first: tuple[int, int]

    def merge(self, other: Word | None) -> Word:
        """The same text in both."""
        return self if other is None else Word(self.rows + other.rows, min(self.first, other.first))


@dataclass(frozen=True)
class Unread:
    """The values of one column that cannot be read."""

    marked: Marked = field(default_factory=Marked)
    words: Mapping[str, Word] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How often each text occurs, in the order in which they were found."""
        ordered = sorted(self.words.items(), key=lambda pair: pair[1].first)
        return {text: word.rows for text, word in ordered}

    def merge(self, other: Unread) -> Unread:
        """Those of both. Which texts are kept of too many does not depend on the order of merging."""
        words = {**other.words, **{text: word.merge(other.words.get(text)) for text, word in self.words.items()}}
        if len(words) > MOST_WORDS:
            kept = sorted(words, key=lambda text: (zlib.crc32(text.encode("utf-8", "surrogatepass")), text))
            words = {text: words[text] for text in kept[:MOST_WORDS]}
        return Unread(self.marked.merge(other.marked), words)


@dataclass(frozen=True)
class ReadingCounts:
    """What was found in reading the rows of some parts.

    Parameters
    ----------
    undated
        The rows of the whole table without a valid time, which every part counts.
    repeats, older_versions
        The rows that were left out.
    ambiguous
        The applications of customers with conflicting records.
    unreadable
        By column.
    dotted
        The first part with rows, and its columns in which a dot may part thousands, each with an example: the first
        rows of a window decide.
    """

    undated: int = 0
    repeats: int = 0
    older_versions: int = 0
    ambiguous: Marked = field(default_factory=Marked)
    unreadable: Mapping[str, Unread] = field(default_factory=dict)
    dotted: tuple[int, Mapping[str, str]] | None = None

    def merge(self, other: ReadingCounts) -> ReadingCounts:
        """Those of both."""
        names = self.unreadable.keys() | other.unreadable.keys()
        firsts = [each.dotted for each in (self, other) if each.dotted is not None]
        return ReadingCounts(
            max(self.undated, other.undated),
            self.repeats + other.repeats,
            self.older_versions + other.older_versions,
            self.ambiguous.merge(other.ambiguous),
            {name: _get(self, name).merge(_get(other, name)) for name in names},
            min(firsts, key=lambda first: first[0]) if firsts else None,
        )


def _get(counts: ReadingCounts, name: str) -> Unread:
    return counts.unreadable.get(name, Unread())


def count_reading(extract: Extract, part: int) -> ReadingCounts:
    """The counts of one part's extract."""
    return ReadingCounts(
        extract.undated,
        extract.repeats,
        extract.older_versions,
        mark_ids(len(extract.ambiguous), extract.ambiguous, part),
        {name: _count_unread(unreadable, part) for name, unreadable in extract.unreadable.items()},
        (part, extract.dotted) if len(extract.applications) else None,
    )


def _count_unread(unreadable: Unreadable, part: int) -> Unread:
    words = {text: Word(rows, (part, place)) for place, (text, rows) in enumerate(unreadable.words.items())}
    return Unread(mark_ids(unreadable.count, unreadable.examples, part), words)
