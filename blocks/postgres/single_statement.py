"""A query is one statement: text that holds more could leave the read-only transaction that it is meant to run in."""

from __future__ import annotations

import re

from blocks.postgres.errors import WriteRefusedError

# What may hold a semicolon or a parenthesis that means nothing, as PostgreSQL reads it; then what means something.
TOKEN = re.compile(
    r"""(?P<quoted> (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*"
      | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$ )
      | (?P<comment> --[^\n]* | /\*.*?\*/ )
      | (?P<sign> [;()'"] | /\* )""",
    re.DOTALL | re.VERBOSE,
)


def refuse_many_statements(query: str) -> None:
    """Raises WriteRefusedError where a query is more than one statement, or closes what it did not open."""
    depth = 0
    for token in TOKEN.finditer(query.rstrip().removesuffix(";")):
        if token["comment"] and "/*" in token["comment"][2:]:
            raise WriteRefusedError(f"A query has a comment within a comment, which may hide something. {_ADVICE}")
        depth += {"(": 1, ")": -1}.get(token["sign"], 0)
        if depth < 0 or token["sign"] not in ("(", ")", None):
            raise WriteRefusedError(f"A query is more than one statement, or its quotes do not match. {_ADVICE}")
    if depth:
        raise WriteRefusedError(f"A query opens a parenthesis that it does not close. {_ADVICE}")


_ADVICE = "Write it as one SELECT in the contract's .sql file."
