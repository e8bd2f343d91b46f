"""A contract's .sql files: reading them, and the mistakes that show without a database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from blocks.errors import LoanwatchError, UsageError
from blocks.postgres.errors import WriteRefusedError
from blocks.postgres.query import Query, split_code
from blocks.postgres.single_statement import refuse_many_statements
from tasks.contract.contract import Contract

DAYS = ("start", "end")
FIRST_WORDS = ("select", "with", "values", "table")
WRITING = ("insert", "update", "delete", "merge", "create", "drop", "alter", "truncate", "grant", "copy", "call", "do")
# As other tools name a parameter; a colon may also be part of a cast or of a slice.
_OTHER_PARAMETER = re.compile(
    r"(?:(?<=[\s=<>(,])|^)(?::[A-Za-z_]\w*|@[A-Za-z_]\w*|\$\d+|\{\{?\s*\w+\s*\}?\}|%s\b|%\(\w*\)(?!s))", re.MULTILINE
)
_PARAMETER = re.compile(r"(?<!%)%\((\w*)\)s")


class QueryMistakeError(UsageError):
    """A query of the contract cannot be used; nothing was started. The message names the file and what to change."""


def read_query(contract: Contract, name: str | None = None) -> Query:
    """The contract's query, or another one of its .sql files. Raises QueryMistakeError where it cannot be read."""
    return read_file(contract.find_query(name or contract.query))


def read_file(path: Path) -> Query:
    """The query in a file. Raises QueryMistakeError where it cannot be read."""
    try:
        return Query(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise QueryMistakeError(f"{path} is not written in UTF-8. Save it as UTF-8.") from None
    except OSError as error:
        raise QueryMistakeError(f"{path} cannot be read ({error.strerror}). Check the name and the rights.") from None


def raise_together(mistakes: Sequence[LoanwatchError]) -> None:
    """Raise what was found as one error: of its own kind where all are of one, else as QueryMistakeError."""
    kinds = {type(mistake) for mistake in mistakes}
    if kinds:
        kind = kinds.pop() if len(kinds) == 1 else QueryMistakeError
        raise kind("\n".join(str(mistake) for mistake in mistakes))


def list_text_mistakes(query: Query, needs_days: bool) -> Iterator[LoanwatchError]:
    """What is wrong with a query as it is written. With `needs_days` it has to use both days."""
    code = "".join(
        query.text[start:end] if kind == "code" else re.sub(r"[^\n]", " ", query.text[start:end])
        for kind, start, end in split_code(query.text)
    )
    try:
        refuse_many_statements(query.text, query.file)
    except WriteRefusedError as error:
        yield error
        return
    beginning = list(_check_beginning(query, code))
    yield from beginning
    if any(isinstance(mistake, WriteRefusedError) for mistake in beginning):
        return
    yield from _check_parameters(query, code)
    missing = [f"%({day})s" for day in DAYS if f"%({day})s" not in code and f"%({day})s" not in query.text]
    if needs_days and missing and not _OTHER_PARAMETER.search(code):
        yield QueryMistakeError(
            f"{query.file} does not use {' and '.join(missing)}, the {'days' if len(missing) > 1 else 'day'} of the "
            "window. Write the condition, such as: where applied_at >= %(start)s and applied_at < %(end)s + 1"
        )


def _check_beginning(query: Query, code: str) -> Iterator[LoanwatchError]:
    word = re.search(r"[A-Za-z_]\w*", code)
    if word is None:
        yield QueryMistakeError(f"{query.file} holds no query. Write one SELECT that returns the contract's columns.")
    elif word[0].lower() in WRITING:
        yield WriteRefusedError(
            f"{_tell(query, word.start(), f'`{word[0]}` writes, and a query should only read. Write one SELECT.')}"
        )
    elif word[0].lower() not in FIRST_WORDS:
        told = f"a query begins with `select` or `with`, not with `{word[0]}`. Correct the word."
        yield QueryMistakeError(_tell(query, word.start(), told))


def _check_parameters(query: Query, code: str) -> Iterator[LoanwatchError]:
    for match in _OTHER_PARAMETER.finditer(code):
        told = f"{match[0]} is no parameter here. Write %(start)s for the first day and %(end)s for the last."
        yield QueryMistakeError(_tell(query, match.start(), told))
    for match in _PARAMETER.finditer(code):
        if match[1] not in DAYS:
            told = f"there is no parameter {match[0]}. Write %(start)s for the first day or %(end)s for the last."
            yield QueryMistakeError(_tell(query, match.start(), told))
    for kind, start, end in split_code(query.text):
        for match in _PARAMETER.finditer(query.text, start, end) if kind == "quoted" else ():
            if match[1] in DAYS:
                told = f"{match[0]} stands in quotes, where it is mere text. Write it without them: it is a date."
                yield QueryMistakeError(_tell(query, match.start(), told))


def _tell(query: Query, offset: int, told: str) -> str:
    return f"{query.name_place(offset)}: {told}\n{query.show_place(offset)}"
