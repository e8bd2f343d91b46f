"""Batches as the CSV that the server reads: a file that is made while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from tasks.files.form import FileFormat
from tasks.files.read import find_line


class TextStream:
    """For COPY: the driver asks it for bytes.

    `failure` is what the batches raised: the driver would only say that reading failed.
    """

    def __init__(self, names: tuple[str, ...], batches: Iterator[pa.RecordBatch]) -> None:
        self.failure: Exception | None = None
        self._batches = batches
        self._left = memoryview(_write(pa.RecordBatch.from_pylist([], pa.schema([(name, "string") for name in names]))))
        self._rows = self._sent = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        while not self._left:
            try:
                batch = next(self._batches, None)
            except Exception as error:
                self.failure = error
                raise
            if batch is None:
                return b""
            self._sent, self._rows = self._rows, self._rows + batch.num_rows
            self._left = memoryview(_write(batch, has_header=False))
        piece, self._left = (self._left, memoryview(b"")) if size < 0 else (self._left[:size], self._left[size:])
        return bytes(piece)

    def name_rows(self, path: Path, form: FileFormat) -> str:
        """Which lines of the file the server was given last, where it has refused one."""
        first, last = find_line(path, form, self._sent), find_line(path, form, max(self._rows - 1, 0))
        return f"lines {first} to {last}" if first and last else f"rows {self._sent + 1} to {self._rows}"


def _write(batch: pa.RecordBatch, has_header: bool = True) -> bytes:
    sink = pa.BufferOutputStream()
    arrow_csv.write_csv(batch, sink, arrow_csv.WriteOptions(include_header=has_header))
    return bytes(sink.getvalue())
