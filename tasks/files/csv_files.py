"""CSV files: Arrow reads them; where it cannot, Python's own reader finds the line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.csv as arrow_csv

from tasks.files.encoding import get_decoder
from tasks.files.form import FileError, FileFormat, name_columns, open_bytes

BLOCK = 4 << 20  # bytes that are read at a time, and so the longest row


def read_names(path: Path, form: FileFormat) -> tuple[str, ...]:
    """The names of the columns."""
    return name_columns(path, _read_header(path, form))


def stream_texts(path: Path, form: FileFormat, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows as texts."""
    written = _read_header(path, form)
    names = name_columns(path, written)
    last: pa.RecordBatch | None = None
    try:
        with open_bytes(path) as source, _open_reader(source, form, written) as reader:
            for batch in reader:
                named = pa.record_batch(batch.columns, names=list(names))
                for start in range(0, named.num_rows, batch_rows):
                    last = named.slice(start, batch_rows)
                    yield last
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _explain(path, form, len(names), error) from None
    if last is not None and "\n" in (last.column(len(names) - 1)[-1].as_py() or ""):
        _refuse_open_quote(path, form)


def as_texts(names: Sequence[str]) -> arrow_csv.ConvertOptions:
    """How Arrow reads each of these columns as it is written: an empty field is null, `""` an empty text."""
    return arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )


def _open_reader(source: pa.NativeFile, form: FileFormat, written: list[str]) -> arrow_csv.CSVStreamingReader:
    return arrow_csv.open_csv(
        source,
        read_options=arrow_csv.ReadOptions(block_size=BLOCK, encoding=form.encoding),
        parse_options=arrow_csv.ParseOptions(delimiter=form.separator, newlines_in_values=True),
        convert_options=as_texts(written),
    )


@contextmanager
def _open_text(path: Path, form: FileFormat, errors: str = "replace") -> Iterator[TextIO]:
    get_decoder(path, form.encoding)
    with open_bytes(path) as source:
        yield io.TextIOWrapper(source, encoding=form.encoding, errors=errors, newline="")


def _read_header(path: Path, form: FileFormat) -> list[str]:
    try:
        with _open_text(path, form) as lines:
            header = next((fields for fields in csv.reader(lines, delimiter=form.separator) if fields), None)
    except (csv.Error, UnicodeError) as error:
        raise FileError(f"{path}: the line of column names cannot be read ({error}). Correct it.") from None
    if header is None:
        raise FileError(f"{path} is empty: line 1 has to hold the names of the columns.")
    # Arrow leaves a byte order mark out, too, whatever the encoding is called.
    return [header[0].removeprefix("\ufeff"), *header[1:]]


def _explain(path: Path, form: FileFormat, width: int, error: Exception) -> FileError:
    """The same error with its line, which Arrow does not know."""
    if isinstance(error, UnicodeDecodeError) or "UTF8" in str(error):
        return _find_bad_bytes(path, form)
    for line, fields in _read_rows(path, form):
        if fields is None:
            break
        if len(fields) != width:
            return FileError(
                f"{path}, line {line}: the row has {len(fields)} {'field' if len(fields) == 1 else 'fields'}, and the "
                f"header names {width} columns. Correct the line; a field that holds a separator belongs in quotes."
            )
    else:
        return FileError(f"{path} cannot be read: {error}. Correct the file.")
    return FileError(f"{path}, line {line}: a quote is opened here and not closed. Correct the line.")


def find_line(path: Path, form: FileFormat, row: int) -> int | None:
    """The line on which a row begins; rows are counted from 0, the header is none."""
    for place, (line, _) in enumerate(_read_rows(path, form), -1):
        if place == row:
            return line
    return None


def _refuse_open_quote(path: Path, form: FileFormat) -> None:
    """Raises FileError where the last row is in truth several: a quote in it has no end, which Arrow lets pass."""
    for line, fields in _read_rows(path, form):
        if fields is None:
            raise FileError(f"{path}, line {line}: a quote is opened here and not closed. Correct the line.")


def _read_rows(path: Path, form: FileFormat) -> Iterator[tuple[int, list[str] | None]]:
    """Each row that is not blank with the line on which it begins; None for one that a quote keeps from ending."""
    with _open_text(path, form) as lines:
        reader, line = csv.reader(lines, delimiter=form.separator, strict=True), 1
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "expected after" in str(error):  # a quote within a field is what it is
                    line = reader.line_num + 1
                    continue
                yield line, None
                return
            if fields:
                yield line, fields
            line = reader.line_num + 1


def _find_bad_bytes(path: Path, form: FileFormat) -> FileError:
    """Which line is not of the encoding. The lines are those of the bytes, which a text reader takes in blocks."""
    decoder, line = get_decoder(path, form.encoding)(), 1
    with open_bytes(path) as source:
        for written in io.BufferedReader(source):
            try:
                decoder.decode(written)
            except UnicodeDecodeError:
                break
            line += 1
    return FileError(
        f"{path}, line {line}: there are bytes that the encoding {form.encoding} does not have. Write the whole file "
        "in one encoding, best UTF-8, or name the one that it has, such as cp1252."
    )
