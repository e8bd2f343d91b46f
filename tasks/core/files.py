"""Files that are written completely or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from blocks.errors import LoanwatchError


class WriteError(LoanwatchError):
    """A result cannot be written."""


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name, then rename it. Raises WriteError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise WriteError(
            f"{path} cannot be written ({error.strerror}). Free some space there, or choose another folder."
        ) from None


def write_json(path: Path, record: dict[str, Any] | list[Any]) -> None:
    """Write a record, or a list of them, as JSON; a number that is not finite is an error, since JSON has none."""
    write_text(path, json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
