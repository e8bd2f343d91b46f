"""Parquet files: typed values as the texts that a CSV file would hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.files.form import FileError, name_columns, open_bytes


def read_names(path: Path) -> tuple[str, ...]:
    """The names of the columns."""
    with _open(path) as file:
        return name_columns(path, file.schema_arrow.names)


def stream_texts(path: Path, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows as texts."""
    names = read_names(path)
    with _open(path) as file:
        for batch in file.iter_batches(batch_size=batch_rows):
            yield pa.record_batch([write_texts(column) for column in batch.columns], names=list(names))


def write_texts(values: pa.Array) -> pa.Array:
    """Typed values as texts; a float that is not a number is null."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return write_texts(values.dictionary_decode())
    if pa.types.is_floating(kind):
        return _write_floats(values)
    if pa.types.is_timestamp(kind):
        return _write_times(values)
    if pa.types.is_nested(kind):
        return pa.array([None if value is None else json.dumps(value, default=str) for value in values.to_pylist()])
    return pc.cast(values, pa.string())


def _write_floats(values: pa.Array) -> pa.Array:
    numbers = pc.cast(values, pa.float32()) if pa.types.is_float16(values.type) else values
    numbers = pc.if_else(pc.is_nan(numbers), None, numbers)
    texts = pc.cast(numbers, pa.string())
    is_whole = pc.match_substring_regex(texts, r"^-?\d+$")
    return pc.if_else(is_whole, pc.binary_join_element_wise(texts, ".0", ""), texts)


def _write_times(values: pa.Array) -> pa.Array:
    """ISO times, in their zone and with its offset where they have one; without a fraction where none has any."""
    zone = values.type.tz
    for unit in ("s", "ms", "us", "ns"):
        try:
            values = pc.cast(values, pa.timestamp(unit, zone))
            break
        except pa.ArrowInvalid:
            continue  # something would be lost
    texts = pc.strftime(values, format="%Y-%m-%dT%H:%M:%S" + ("%z" if zone else ""))
    return pc.replace_substring_regex(texts, r"([+-]\d\d)(\d\d)$", r"\1:\2") if zone else texts


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    with open_bytes(path):
        pass  # told as of every file where it cannot be read
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise FileError(f"{path} cannot be read as Parquet ({error}). Write it again, or save it as CSV.") from None
