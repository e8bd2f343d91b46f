"""Sources: what is described: files, or relations of a database, and how their rows are read as texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DescribedSource:
    """One file or relation.

    Parameters
    ----------
    table
        Its short name; the table that `flows.load` fills from a file.
    relation
        As SQL names it, quoted, with its schema.
    columns
        Their names, in order.
    file
        The file's name as the contract says it; empty for a relation of the database.
    options
        What the contract must say to read the file, such as the separator.
    declared
        The columns' types in the database or the Parquet file.
    """

    table: str
    relation: str
    columns: tuple[str, ...]
    file: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        """Whether it is a file, which is loaded into a table with types."""
        return bool(self.file)
