"""What a file is, and the error of one that cannot be used."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from blocks.errors import UsageError


class FileError(UsageError):
    """A file cannot be read. The message names the file, and the line where there is one, and says what to do."""


@dataclass(frozen=True)
class FileFormat:
    """How a file is read.

    Parameters
    ----------
    separator
        The sign between two fields of a CSV file.
    encoding
        Python's name of a CSV file's encoding: utf-8, utf-8-sig (with a byte order mark), utf-16, cp1252, latin-1.
    """

    kind: Literal["csv", "parquet"]
    separator: str = ","
    encoding: str = "utf-8"


@contextmanager
def open_bytes(path: Path) -> Iterator[Any]:
    """A file's bytes, unpacked where its name ends .gz, .bz2 or .zst. Raises FileError where it cannot be read."""
    try:
        # Also refused: to look at a file in a folder that may not be entered.
        if path.is_dir():
            raise FileError(f"{path} is a folder. Name a file in it.")
        if path.exists() and not path.is_file():
            raise FileError(f"{path} is no file but a device or a pipe. Save what it holds, and name the file.")
        path.open("rb").close()  # Python tells better than Arrow why it cannot be
        with pa.input_stream(str(path), compression="detect") as source:
            yield source
    except PermissionError:
        raise FileError(
            f"{path} cannot be read: only others than the user {name_user()}, as which this runs, may read it. "
            f"Give that user the right (chmod a+r), or, in a container, run as the file's owner (--user)."
        ) from None
    except FileNotFoundError:
        raise FileError(f"{path} cannot be read: it is not there. Check the name and the folder.") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read ({error.strerror or error}). Check that it is whole.") from None


def name_user() -> str:
    """Such as `loanwatch (10001)`; a user that a container was given may have no name at all."""
    number = os.getuid()
    try:
        return f"{getpass.getuser()} ({number})"
    except (OSError, KeyError):
        return str(number)


def name_columns(path: Path, written: list[str]) -> tuple[str, ...]:
    """The names of a file's columns, without blanks around them; one without a name is `column_3`, by its place.

    Raises FileError where two have the same name.
    """
    names = tuple(name.strip() or f"column_{place}" for place, name in enumerate(written, 1))
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise FileError(
            f"{path} has the column {', '.join(map(repr, repeated))} twice. Give each column a name of its own."
        )
    return names
