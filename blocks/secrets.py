"""Reading a secret from a variable or a file, and never showing it."""

from __future__ import annotations

import os
from pathlib import Path

from blocks.errors import UsageError


class SecretError(UsageError):
    """A secret was given in a way that cannot be used. The message never holds it."""


def read_secret(variable: str) -> str | None:
    """The value of the variable, else the content of the file that VARIABLE_FILE names; None where neither is set."""
    if os.environ.get(variable):
        return os.environ[variable]
    file = os.environ.get(f"{variable}_FILE")
    if not file:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SecretError(f"The file {file} that {variable}_FILE names cannot be read ({reason}).") from None
