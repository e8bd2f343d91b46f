"""A lender's query: its text as it stands in its file, its two days bound, and the place of a mistake in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from blocks.postgres.errors import QueryError
from blocks.postgres.single_statement import TOKEN, refuse_many_statements

PARAMETER = re.compile(r"%%|%\((?P<name>\w+)\)s")
LONGEST_LINE = 100  # of a line that a message shows


@dataclass(frozen=True)
class Query:
    """A query, and what is written around it before it is sent.

    Parameters
    ----------
    file
        The .sql file that it stands in; empty for a query of our own.
    """

    text: str
    file: str = ""
    before: str = ""
    after: str = ""

    def wrap(self, before: str, after: str) -> Query:
        """The same query within another one."""
        return replace(self, before=before + self.before, after=self.after + after)

    def name_place(self, offset: int) -> str:
        """Such as `loans.sql, line 3, column 12`."""
        line, column, _ = self._find_line(offset)
        return f"{self.file or 'the query'}, line {line}, column {column}"

    def show_place(self, offset: int) -> str:
        """The line at an offset of the text, and below it a caret."""
        _, column, written = self._find_line(offset)
        start = max(0, column - LONGEST_LINE // 2) if len(written) > LONGEST_LINE else 0
        shown = written[start : start + LONGEST_LINE].replace("\t", " ").rstrip()
        return f"    {shown}\n    {' ' * (column - 1 - start)}^"

    def _find_line(self, offset: int) -> tuple[int, int, str]:
        start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - start + 1, self.text[start:].partition("\n")[0]


@dataclass(frozen=True)
class Bound:
    """The statement that is sent, and for its pieces, in order, where each begins in it and in the query's text."""

    query: Query
    statement: str
    starts: tuple[int, ...]
    offsets: tuple[int, ...]

    def find(self, position: int) -> int | None:
        """The offset in the query's text of a sign of the statement, counted from 1; None where we have added it."""
        place = position - 1
        if not self.starts[0] <= place < len(self.statement) - len(self.query.after):
            return None
        piece = bisect_right(self.starts, place) - 1
        return min(self.offsets[piece] + place - self.starts[piece], max(len(self.query.text) - 1, 0))


def split_code(text: str) -> Iterator[tuple[str, int, int]]:
    """The stretches of a query, in order: `code`, `quoted` or `comment`, and where each begins and ends."""
    end = 0
    for token in TOKEN.finditer(text):
        if token["sign"]:
            continue
        yield "code", end, token.start()
        yield ("quoted" if token["quoted"] else "comment"), token.start(), token.end()
        end = token.end()
    yield "code", end, len(text)


def bind(query: Query, literals: Mapping[str, str]) -> Bound:
    """Put the parameters' literals where the query names them; `%%` is one %, and so is a lone one.

    Nothing is put into quotes and comments. What a database of another encoding could not read in a comment is left
    out. Raises QueryError for a parameter that there is not, WriteRefusedError for more than one statement.
    """
    refuse_many_statements(query.text, query.file)
    text = drop_last_semicolon(query.text)
    pieces, starts, offsets, length = [query.before], list[int](), list[int](), len(query.before)
    for kind, start, written in _cut(text):
        if kind == "comment":
            sent = re.sub(r"[^\x00-\x7f]", "?", written)
        elif kind == "parameter":
            sent = _find_literal(query, start, literals)
        else:
            sent = written
        starts.append(length)
        offsets.append(start)
        pieces.append(sent)
        length += len(sent)
    return Bound(query, "".join([*pieces, query.after]), tuple(starts), tuple(offsets))


def drop_last_semicolon(text: str) -> str:
    """The query with a blank in place of a semicolon that ends it; comments may follow."""
    code = [(start, text[start:end]) for kind, start, end in split_code(text) if kind != "comment"]
    last = next(((start, piece.rstrip()) for start, piece in reversed(code) if piece.strip()), (0, ""))
    if not last[1].endswith(";"):
        return text
    place = last[0] + len(last[1]) - 1
    return f"{text[:place]} {text[place + 1 :]}"


def _cut(text: str) -> Iterator[tuple[str, int, str]]:
    """The pieces that are sent, each with its place: text, a comment, or a parameter."""
    for kind, start, end in split_code(text):
        if kind == "comment":
            yield kind, start, text[start:end]
            continue
        done = start
        for match in PARAMETER.finditer(text, start, end):
            if match["name"] and kind == "quoted":
                continue
            yield "text", done, text[done : match.start()]
            yield ("parameter", match.start(), match[0]) if match["name"] else ("text", match.start(), "%")
            done = match.end()
        yield "text", done, text[done:end]


def _find_literal(query: Query, offset: int, literals: Mapping[str, str]) -> str:
    match = PARAMETER.match(query.text, offset)
    name = match["name"] if match else ""
    if name not in literals:
        known = " or ".join(f"%({known})s" for known in literals) or "none"
        raise QueryError(
            f"{query.name_place(offset)}: there is no parameter %({name})s. Write {known}.\n{query.show_place(offset)}"
        )
    return literals[name]
