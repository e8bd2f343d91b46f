"""Files that are written completely or not at all, and folders that are private."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from blocks.environment import read_environment
from blocks.errors import LoanwatchError


class WriteError(LoanwatchError):
    """A result cannot be written."""


def make_private_folder(folder: Path) -> None:
    """Make a folder of results or models, where there is none, for its owner alone: they hold application numbers.

    With LOANWATCH_GROUP_MAY_READ its group may read it as well. A folder that is there keeps the mode that it has, and
    what is made inside a private folder is as private as the folder.
    """
    mode = 0o750 if read_environment().group_may_read else 0o700
    for missing in reversed([place for place in (folder, *folder.parents) if not place.exists()]):
        missing.mkdir(mode=mode, exist_ok=True)


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
