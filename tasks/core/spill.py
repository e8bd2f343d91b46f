"""Spill: tables too large for memory, in a file without a name, by sections that are read again one at a time."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from contextlib import suppress
from tempfile import TemporaryFile, gettempdir
from types import TracebackType
from typing import Self

import pyarrow as pa

from blocks.errors import LoanwatchError

# Half of the size, for a second of processor time a million of the demo's applications; lz4 saves a sixth.
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


class SpillError(LoanwatchError):
    """The folder of temporary files cannot hold a large window."""


class Spill:
    """Tables on disk. Nobody finds the file: it has no name, and goes with the process, whatever ends that."""

    def __init__(self) -> None:
        try:
            self._file = TemporaryFile()  # noqa: SIM115 - closed by `__exit__`
        except OSError as error:
            raise _explain(error, 0) from None
        self._places: dict[Hashable, list[tuple[int, int]]] = {}
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):  # what could not be written is not needed any more
            self._file.close()

    def write(self, section: Hashable, table: pa.Table) -> None:
        """Add rows to a section. Raises SpillError where the disk is full."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
            writer.write_table(table)
        written = sink.getvalue()
        try:
            self._file.write(written)
        except OSError as error:
            raise _explain(error, self._end + written.size) from None
        self._places.setdefault(section, []).append((self._end, written.size))
        self._end += written.size

    def read(self, section: Hashable) -> Iterator[pa.RecordBatch]:
        """The rows of a section in the order in which they were added."""
        try:
            self._file.flush()
        except OSError as error:
            raise _explain(error, self._end) from None
        for start, size in self._places.get(section, []):
            with pa.ipc.open_stream(pa.py_buffer(os.pread(self._file.fileno(), size, start))) as reader:
                yield from reader


def _explain(error: OSError, size: int) -> SpillError:
    return SpillError(
        f"A large window goes through a temporary file, and {gettempdir()} cannot hold it ({error.strerror}, after "
        f"{size / 1e6:,.0f} MB). Free space there, or let TMPDIR name a folder on a larger disk; some 100 bytes a row "
        "are needed. Or give one part more memory: LOANWATCH_PART_MB."
    )
