"""Reading what is described from files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.describe.draft import NeedAnswerError
from tasks.describe.samples import SampledTable, sample_table
from tasks.describe.sources import DescribedSource
from tasks.describe.vocabulary import write_names
from tasks.files.form import FileError, FileFormat
from tasks.files.read import read_names, stream_texts
from tasks.files.sniff import sniff

# Of a larger file only the beginning is described.
MOST_BYTES = 2 << 30
_LEAST_ROWS = 2
_DECLARED = {"bool": "boolean", "timestamp": "timestamp without time zone", "date": "date"}


class FileReader:
    """One or several files, each to become a table."""

    def __init__(self, paths: Sequence[Path], folder: Path) -> None:
        self._forms: dict[str, tuple[Path, FileFormat]] = {}
        self.sources: list[DescribedSource] = []
        stems = [_take_stem(path) for path in paths]
        if len(set(stems)) < len(stems):
            raise NeedAnswerError(
                "source", "Two of the files have the same name. Rename one: the name becomes a table."
            )
        for path, table in zip(paths, write_names(stems).values(), strict=True):
            form = sniff(path)
            self._forms[table] = path, form
            self.sources.append(_describe_file(path, table, form, folder))

    def sample(self, table: str) -> SampledTable:
        """The sample of a file."""
        path, form = self._forms[table]
        sampled = sample_table(table, _limit(path, stream_texts(path, form)))
        if sampled.rows < _LEAST_ROWS:
            raise FileError(f"{path} has no rows below its header. Name a file with applications.")
        declared = self._source(table).declared
        columns = tuple(replace(column, declared=declared.get(column.name, "")) for column in sampled.columns)
        return replace(sampled, columns=columns, is_whole=_is_small(path))

    def read_keys(self, table: str, column: str) -> pa.StringArray:
        """All values of a column."""
        path, form = self._forms[table]
        parts = [batch.column(column) for batch in _limit(path, stream_texts(path, form))]
        return pa.chunked_array(parts, pa.string()).combine_chunks()

    def _source(self, table: str) -> DescribedSource:
        return next(source for source in self.sources if source.table == table)


def _take_stem(path: Path) -> str:
    return path.name.partition(".")[0] or path.name


def _describe_file(path: Path, table: str, form: FileFormat, folder: Path) -> DescribedSource:
    options = {}
    if form.kind == "csv":
        options = {"separator": form.separator} if form.separator != "," else {}
        if form.encoding not in ("utf-8", "utf-8-sig"):
            options["encoding"] = form.encoding
    declared = _read_declared(path) if form.kind == "parquet" else {}
    said = os.path.relpath(path.resolve(), folder.resolve())
    return DescribedSource(table, f'"{table}"', read_names(path, form), said, options, declared)


def _read_declared(path: Path) -> dict[str, str]:
    """The types of a Parquet file that are told; a time with a zone is told by its texts."""
    found = {}
    for column in pq.read_schema(path):
        kind = str(column.type)
        if kind == "bool" or kind.startswith(("timestamp", "date")):
            found[column.name.strip()] = _DECLARED[kind.partition("[")[0].rstrip("3264")]
    return found


def _is_small(path: Path) -> bool:
    return path.stat().st_size <= MOST_BYTES


def _limit(path: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """All of a file, or about its first two gigabytes."""
    if _is_small(path):
        yield from batches
        return
    read = 0
    for batch in batches:
        yield batch
        read += batch.nbytes
        if read > MOST_BYTES:
            return
