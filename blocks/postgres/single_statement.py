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


def refuse_many_statements(query: str, file: str = "") -> None:
    """Raises WriteRefusedError where a query is more than one statement, or closes what it did not open.

    `file` is named in the message. A semicolon may end the query.
    """
    depth, named, is_ended = 0, file or "A query", False
    for token in TOKEN.finditer(query):
        if token["comment"]:
            if "/*" in token["comment"][2:]:
                raise WriteRefusedError(f"{named} has a comment within a comment, which may hide something. {_ADVICE}")
            continue
        depth += {"(": 1, ")": -1}.get(token["sign"], 0)
        is_ended = is_ended or (token["sign"] == ";" and depth == 0 and _is_all_comment(query[token.end() :]))
        if depth < 0 or (token["sign"] not in ("(", ")", None) and not is_ended):
            raise WriteRefusedError(f"{named} is more than one statement, or its quotes do not match. {_ADVICE}")
    if depth:
        raise WriteRefusedError(f"{named} opens a parenthesis that it does not close. {_ADVICE}")


def _is_all_comment(rest: str) -> bool:
    """Whether nothing but blanks and comments follows."""
    return not TOKEN.sub(lambda token: "" if token["comment"] else token[0], rest).strip()


_ADVICE = "Write it as one SELECT in the contract's .sql file."
