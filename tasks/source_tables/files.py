"""The files of a contract's tables: where they are, how they are written, and whether they have the tables' columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blocks.errors import UsageError
from tasks.contract.columns import Source
from tasks.files.form import FileError, FileFormat
from tasks.files.read import read_names
from tasks.files.sniff import sniff

CHANGED_NOTHING = "Nothing was changed in the database."


class LoadFolderError(UsageError):
    """The folder does not match the contract."""


@dataclass(frozen=True)
class SourceFile:
    """A table's file. `columns` are the table's, in the file's order."""

    source: Source
    path: Path
    form: FileFormat
    columns: tuple[str, ...]


def find_file(folder: Path, source: Source) -> SourceFile:
    """The file of a table; separator and encoding are found where the contract does not say them.

    Raises LoadFolderError unless its columns are the table's: in any order, each of them once, and no other.
    """
    path = folder / source.file_name
    try:
        form = sniff(path, source.separator, source.encoding)
        names = read_names(path, form)
    except FileError as error:
        raise LoadFolderError(f"{error} {CHANGED_NOTHING}") from None
    columns = {column.strip(): column for column in source.columns}
    mistakes = _compare(names, tuple(columns))
    if mistakes:
        place = path if form.kind == "parquet" else f"{path}, line 1"
        raise LoadFolderError(f"{place}: {'; '.join(mistakes)}. Correct the header. {CHANGED_NOTHING}")
    return SourceFile(source, path, form, tuple(columns[name] for name in names))


def read_header(folder: Path, source: Source) -> tuple[str, ...]:
    """The column names of a source's file, in the file's order. Raises LoadFolderError unless they are the table's."""
    return find_file(folder, source).columns


def _compare(names: Sequence[str], expected: Sequence[str]) -> list[str]:
    groups = {
        "is missing the column": [name for name in expected if name not in names],
        "has a column that is not in the contract:": [repr(name) for name in names if name not in expected],
    }
    return [f"{what} {', '.join(found)}" for what, found in groups.items() if found]
