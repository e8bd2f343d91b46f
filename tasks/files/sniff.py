"""Sniffing: what kind of file it is, and how it is written. Of its rows only the beginning is looked at."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tasks.files.encoding import find_encoding, get_decoder
from tasks.files.form import FileError, FileFormat, open_bytes

HEAD = 256 << 10  # bytes
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LIKE_A_VALUE = re.compile(r"[+-]?[\d.,]*\d[\d.,]*(e[+-]?\d+)?%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?", re.I)


@dataclass(frozen=True)
class Record:
    """One row of a CSV file, and the line on which it begins."""

    line: int
    fields: list[str]


def sniff(path: Path, separator: str | None = None, encoding: str | None = None) -> FileFormat:
    """How a file is to be read; a separator or an encoding that is known is not looked for.

    Raises FileError for a file that holds no table: it is empty, a folder or no text, it lacks a header or has two, or
    only one column.
    """
    with open_bytes(path) as source:
        head = source.read(HEAD)
        is_whole = len(head) < HEAD
    if head.startswith(b"PAR1"):
        return FileFormat("parquet", encoding="utf-8")
    if path.suffix in (".parquet", ".pq"):
        raise FileError(f"{path} is no Parquet file: it does not begin as one. Write it again, or save it as CSV.")
    encoding = encoding or find_encoding(path, head)
    text = get_decoder(path, encoding)("replace").decode(head)
    tables = {sign: read_records(text, sign, is_whole) for sign in ([separator] if separator else SEPARATORS)}
    if not any(tables.values()):
        raise FileError(f"{path} is empty: line 1 has to hold the names of the columns.")
    separator = separator or _choose_separator(path, tables)
    _check_header(path, tables[separator])
    return FileFormat("csv", separator, encoding)


def read_records(text: str, separator: str, is_whole: bool) -> list[Record]:
    """The rows at the beginning of a file. Blank lines are left out, and so is the row in which the text is cut off."""
    records, line = [], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                records.append(Record(line, fields))
            line = reader.line_num + 1
    except csv.Error:
        pass  # a quote that nothing closes: the rows before it are enough
    return records if is_whole else records[:-1]


def _choose_separator(path: Path, tables: dict[str, list[Record]]) -> str:
    """The separator by which most rows have as many fields as the first; of several the one that makes most fields."""
    found = []
    for separator, records in tables.items():
        widths = Counter(len(record.fields) for record in records)
        if records and len(records[0].fields) > 1:
            found.append((widths[len(records[0].fields)] / len(records), len(records[0].fields), separator))
    if found:
        return max(found, key=lambda candidate: candidate[:2])[2]
    _refuse_title(path, tables)
    named = ", ".join(SEPARATORS.values())
    raise FileError(
        f"{path} has one column only, or its fields are parted by none of {named}. Write it with one of these, "
        "and close each quote."
    )


def _refuse_title(path: Path, tables: dict[str, list[Record]]) -> None:
    """Raises FileError where only the first row has a single field: a title above the table."""
    for records in tables.values():
        widths = Counter(len(record.fields) for record in records[1:])
        width, rows = widths.most_common(1)[0] if widths else (0, 0)
        if width > 1 and rows > len(records) / 2:
            raise FileError(
                f"{path}, line {records[0].line}: this is no line of column names, since the rows below it have "
                f"{width} fields. Remove what stands above the column names."
            )


def _check_header(path: Path, records: list[Record]) -> None:
    """Raises FileError where the first row is one of values, or the second one of names."""
    header, rows = records[0], records[1:]
    width = len(header.fields)
    if any(_is_value(field) and _are_values(rows, place) for place, field in enumerate(header.fields)):
        raise FileError(
            f"{path} has no header: line {header.line} holds values. Write the columns' names above the rows."
        )
    if not rows or len(rows[0].fields) != width:
        return
    second, others = rows[0].fields, rows[1:]
    is_repeated = [field.strip().lower() for field in second] == [field.strip().lower() for field in header.fields]
    are_names = len(set(second)) == width and all(field.strip() and not _is_value(field) for field in second)
    if is_repeated or (are_names and 2 * sum(_are_values(others, place) for place in range(width)) >= width):
        raise FileError(
            f"{path} has two headers, on the lines {header.line} and {rows[0].line}. Remove one of the two lines."
        )


def _are_values(rows: list[Record], place: int) -> bool:
    """Whether a column holds numbers or days only, and at least one."""
    fields = [row.fields[place].strip() for row in rows if place < len(row.fields)]
    filled = [field for field in fields if field]
    return bool(filled) and all(map(_is_value, filled))


def _is_value(field: str) -> bool:
    return _LIKE_A_VALUE.fullmatch(field.strip().lstrip("$€£¥").strip()) is not None
