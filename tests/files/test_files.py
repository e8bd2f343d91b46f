"""Files as lenders have them: what is read from each, and what a bad one is told."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.files.form import FileError, FileFormat
from tasks.files.read import read_names, stream_texts
from tasks.files.sniff import HEAD, sniff

ROWS = [{"name": "Zoë", "sum": "1", "why": "a"}, {"name": 'say "hi"', "sum": None, "why": "two\nlines, or more"}]


def read(path: Path, batch_rows: int = 65_536) -> list[dict[str, str | None]]:
    return [row for batch in stream_texts(path, sniff(path), batch_rows) for row in batch.to_pylist()]


def write(folder: Path, content: str | bytes, name: str = "loans.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_separator_and_encoding_gives_the_same_rows(
    tmp_path: Path, separator: str, encoding: str, end: str
) -> None:
    lines = ["name,sum,why", "Zoë,1,a", '"say ""hi""",,"two\nlines, or more"', ""]
    content = end.join(line if '"' in line else line.replace(",", separator) for line in lines)
    content = content.replace('"""",,"', f'"{separator}{separator}"').replace('""",,"', f'"""{separator}{separator}"')
    path = write(tmp_path, content.encode(encoding))
    assert sniff(path) == FileFormat("csv", separator, encoding)
    assert read_names(path, sniff(path)) == ("name", "sum", "why")
    assert read(path) == ROWS


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("sum;rate\n1,5;2,5\n2,5;3,5\n", ";"),  # every row has three fields by the comma
        ("id,note\n1,a|b|c\n2,d|e|f\n", ","),
        ("id\tplace\n1\tBerlin, Mitte\n", "\t"),
        ("a,b\n", ","),  # no rows at all
        ('a;b\n"x;\ny";2\n', ";"),
    ],
)
def test_the_separator_is_the_headers(tmp_path: Path, content: str, separator: str) -> None:
    assert sniff(write(tmp_path, content)).separator == separator


def test_a_field_that_is_empty_is_null_and_a_quoted_one_is_not(tmp_path: Path) -> None:
    assert read(write(tmp_path, 'a,b\n,""\n')) == [{"a": None, "b": ""}]


def test_nothing_but_the_empty_field_is_taken_for_missing(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a,b\nNA,null\nn/a,-\n"))[0] == {"a": "NA", "b": "null"}


def test_names_are_stripped_and_an_unnamed_column_is_named_by_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, ", Applied At ,Straße\n0,2,3\n1,3,4\n")
    assert read_names(path, sniff(path)) == ("column_1", "Applied At", "Straße")
    assert read(path)[0] == {"column_1": "0", "Applied At": "2", "Straße": "3"}


def test_a_line_ends_only_where_the_others_do(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n1\u2028x,2\x0c\n\x1c,3\n")
    assert read(path)[0] == {"a": "1\u2028x", "b": "2\x0c"}


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    assert len(read(write(tmp_path, "\n\na,b\n1,2\n\n3,4\n\n"))) == 2


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv.gz"
    path.write_bytes(gzip.compress(b"a;b\n1;2\n"))
    assert read(path) == [{"a": "1", "b": "2"}]


def test_batches_have_no_more_rows_than_asked(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "1,2\n" * 25)
    assert [batch.num_rows for batch in stream_texts(path, sniff(path), 10)] == [10, 10, 5]


@pytest.mark.slow
@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty: line 1"),
        ("a,b\n1,\0\n", "line 2: it holds a zero byte"),
        (" \n\n", "is empty"),
        ("\ufeff", "is empty"),
        ('a,"b\n' + "1,2\n" * HEAD, "close each quote"),
        ("a\n1\n", "one column only"),
        ("1,2\n3,4\n", "no header: line 1 holds values"),
        ("x,2015-01-02\ny,2016-01-02\n", "no header"),
        ("a,b\na,b\n1,2\n", "two headers, on the lines 1 and 2"),
        ("X1,X2\nid,income\n1,2\n2,3\n", "two headers"),
        ("Loans of 2019\nid,income\n1,2\n2,3\n", "line 1: this is no line of column names"),
        ("a,b,a\n1,2,3\n", "has the column 'a' twice"),
        ("a,b\n1,2\n3\n", "line 3: the row has 1 field, and the header names 2 columns"),
        ('a,b\n1,"2\n2"\n3,4,5\n', "line 4: the row has 3 fields"),
        ('a,b\n1,2\n3,"4\n5,6\n', "line 3: a quote is opened here and not closed"),
        (b"PK\x03\x04rest", "save the sheet as CSV"),
        (b"\0\1\2\0\0\0\7\0\0\0\3\3", "line 1: it holds a zero byte"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"a,b\n1,\xff\xfe\x81\n", ""),
    ],
)
def test_a_bad_file_is_told_in_a_sentence(tmp_path: Path, content: str | bytes, told: str) -> None:
    path = write(tmp_path, content)
    if not told:
        assert sniff(path).encoding == "latin-1"  # not even Windows has all of these
        return
    with pytest.raises(FileError, match=told) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.bad_input
def test_a_folder_a_missing_file_and_a_wrong_name_of_an_encoding(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is a folder"):
        sniff(tmp_path)
    with pytest.raises(FileError, match="is not there"):
        sniff(tmp_path / "none.csv")
    with pytest.raises(FileError, match="no encoding 'utf8x'"):
        read_names(write(tmp_path, "a,b\n"), FileFormat("csv", ",", "utf8x"))
    with pytest.raises(FileError, match="no Parquet file"):
        sniff(write(tmp_path, "a,b\n", "loans.parquet"))
    with pytest.raises(FileError, match="Parquet"):
        read(write(tmp_path, b"PAR1 and nothing else", "loans.parquet"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="a pipe"):
        sniff(tmp_path / "pipe")


@pytest.mark.bad_input
def test_another_encoding_than_was_named_is_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n1,2\n\xe9,3\n")
    with pytest.raises(FileError, match=r"line 3: .*encoding utf-8 .*cp1252"):
        list(stream_texts(path, FileFormat("csv")))


def test_parquet_values_become_texts(tmp_path: Path) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    columns = {
        "Text": pa.array(["a", None]),
        "whole": pa.array([3.0, float("nan")]),
        "part": pa.array([0.5, -1e20]),
        "int": pa.array([7, None], pa.int64()),
        "bool": pa.array([True, False]),
        "day": pa.array([date(2018, 3, 1), None]),
        "time": pa.array([datetime(2018, 3, 1, 12, 30), None], pa.timestamp("ns")),
        "exact": pa.array([datetime(2018, 3, 1, 12, 30, 1, 500_000), None]),
        "zoned": pa.array([datetime(2018, 7, 1, 12, 0, tzinfo=berlin), None], pa.timestamp("us", "Europe/Berlin")),
        "word": pa.array(["x", None]).dictionary_encode(),
        "money": pa.array([Decimal("1.50"), None]),
        "list": pa.array([[1, 2], None]),
        "none": pa.nulls(2),
    }
    path = tmp_path / "loans"
    pq.write_table(pa.table(columns), path)
    first, second = read(path)
    assert first == {
        **{"Text": "a", "whole": "3.0", "part": "0.5", "int": "7", "bool": "true", "day": "2018-03-01"},
        **{"time": "2018-03-01T12:30:00", "exact": "2018-03-01T12:30:01.500", "zoned": "2018-07-01T12:00:00+02:00"},
        **{"word": "x", "money": "1.50", "list": "[1, 2]", "none": None},
    }
    assert {name for name, value in second.items() if value is not None} == {"part", "bool"}
    assert read_names(path, sniff(path)) == tuple(columns)


@pytest.mark.slow
def test_a_large_file_needs_little_memory(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "some text,1.5\n" * 3_000_000)
    assert path.stat().st_size > 40 * HEAD
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    most = rows = 0
    for batch in stream_texts(path, sniff(path)):
        rows += batch.num_rows
        most = max(most, pa.total_allocated_bytes() - before + tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert rows == 3_000_000
    assert most < 100 << 20


def test_a_file_in_a_folder_that_may_not_be_entered_is_told(tmp_path):
    """As in a container that runs as another user than the owner of the files."""
    folder = tmp_path / "closed"
    folder.mkdir()
    path = write(folder, "id,status\n1,approved\n")
    folder.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65_534)  # whom no right stops is not told either
    try:
        with pytest.raises(FileError, match="may read it"):
            sniff(path)
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
