"""Reading a file of either kind: its columns, and its rows as batches of texts in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from tasks.files import csv_files, parquet_files
from tasks.files.form import FileFormat


def read_names(path: Path, form: FileFormat) -> tuple[str, ...]:
    """The names of a file's columns, in the file's order. Raises FileError where two are equal, or there is none."""
    return parquet_files.read_names(path) if form.kind == "parquet" else csv_files.read_names(path, form)


def stream_texts(path: Path, form: FileFormat, batch_rows: int = 65_536) -> Iterator[pa.RecordBatch]:
    """The rows of a file, every column as texts, at most `batch_rows` at a time.

    An empty field is null; an empty field in quotes is an empty text. Typed values become texts that every reader
    understands: times as ISO, with their zone's offset where they have one, whole floats as 3.0, booleans as true and
    false.
    Raises FileError, which names the line of a CSV file, when it comes to a row that cannot be read.
    """
    if form.kind == "parquet":
        return parquet_files.stream_texts(path, batch_rows)
    return csv_files.stream_texts(path, form, batch_rows)


def find_line(path: Path, form: FileFormat, row: int) -> int | None:
    """The line of a CSV file on which a row begins, the first being 0; None for a Parquet file."""
    return None if form.kind == "parquet" else csv_files.find_line(path, form, row)
