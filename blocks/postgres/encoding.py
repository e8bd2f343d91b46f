"""Databases of another encoding than UTF-8: we speak UTF-8 with all of them, and write only what they can store."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any

from psycopg2.extensions import encodings
from sqlalchemy import Connection

# What our own sentences use, as it is written where that sign is missing; good within JSON, too.
PLAIN = {
    **dict.fromkeys("‘’‚′“”„″", "'"),  # a double quote would end a text of JSON
    **dict.fromkeys("‐‑‒–—−", "-"),
    **{"…": "...", "•": "*", "≤": "<=", "≥": ">=", "≈": "~", "→": "->", "›": ">", "€": "EUR", "✓": "+", "✗": "x"},
}
# These store what they get, or every sign that there is.
STORES_ALL = ("UTF8", "SQL_ASCII", "UNICODE")
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})", re.IGNORECASE)


def speak_utf8(connection: Any) -> None:
    """Let the driver's connection exchange UTF-8, whatever the database, the role or PGCLIENTENCODING says."""
    connection.set_client_encoding("UTF8")


def write_storable(
    _connection: Connection, cursor: Any, statement: str, parameters: Any, _context: Any, _is_many: bool
) -> tuple[str, Any]:
    """Replace what the database cannot store in a statement's parameters.

    For SQLAlchemy's event `before_cursor_execute`.
    """
    codec = _find_codec(cursor.connection)
    return (statement, parameters) if codec is None else (statement, _replace_all(parameters, codec))


def make_storable(connection: Connection, text: str) -> str:
    """A text as it will be read from the database again."""
    codec = _find_codec(connection.connection.dbapi_connection)
    return text if codec is None else replace_signs(text, codec)


def replace_signs(text: str, codec: str) -> str:
    """A text without the signs that an encoding lacks: others are put in their place, `?` where none is alike.

    So it is done with the escapes of JSON, which the server reads as signs.
    """
    plain = _ESCAPE.sub(lambda escape: _replace(chr(int(escape[1], 16)), codec, escape[0]), text)
    return "".join(_replace(sign, codec, sign) for sign in plain)


def _replace(sign: str, codec: str, written: str) -> str:
    return written if _has(sign, codec) else PLAIN.get(sign, "?")


def _has(sign: str, codec: str) -> bool:
    try:
        sign.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _find_codec(connection: Any) -> str | None:
    """Python's name of the database's encoding; None where every sign can be stored."""
    encoding = connection.get_parameter_status("server_encoding") or "UTF8"
    if encoding in STORES_ALL:
        return None
    codec = encodings.get(encoding.replace("_", ""), encodings.get(encoding))
    try:
        return codecs.lookup(codec).name if codec else "ascii"
    except LookupError:
        return "ascii"


def _replace_all(value: Any, codec: str) -> Any:
    if isinstance(value, str):
        return value if value.isascii() and "\\u" not in value else replace_signs(value, codec)
    if isinstance(value, Mapping):
        return {name: _replace_all(part, codec) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_replace_all(part, codec) for part in value)
    return value
