"""The encoding of a text file, found from its bytes."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tasks.files.form import FileError, open_bytes

WHOLLY_READ = 256 << 20  # bytes of a file that are looked at: of a larger one its beginning
STEP = 1 << 20
# What other programs write, by its first bytes, and how to get a table out of it.
FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook. Unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel workbook. Save the sheet as CSV",
    b"\x1f\x8b": "compressed by gzip. Unpack it, or let its name end in .gz",
    b"SQLite format 3": "a SQLite database. Save the table as CSV",
    b"$FL2": "an SPSS file. Save it as CSV",
}
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def find_encoding(path: Path, head: bytes) -> str:
    """The encoding of a file that begins with `head`. Bytes that are not UTF-8 are taken for Windows' Western European.

    Raises FileError where the bytes are no text.
    """
    for start, what in FOREIGN.items():
        if head.startswith(start):
            raise FileError(f"{path} is {what}.")
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return _find_wide_encoding(path, head)
    return _find_narrow_encoding(path)


def get_decoder(path: Path, encoding: str) -> Callable[..., codecs.IncrementalDecoder]:
    """What decodes a file's bytes piece by piece. Raises FileError where there is no such encoding."""
    try:
        found = codecs.getincrementaldecoder(encoding)
        found().decode(b"")
    except LookupError:
        raise FileError(f"{path}: there is no encoding {encoding!r}. Write utf-8, utf-16, cp1252 or latin-1.") from None
    return found


def _find_wide_encoding(path: Path, head: bytes) -> str:
    """UTF-16 without a byte order mark: every other byte of plain letters is zero."""
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        is_text = "\0" not in get_decoder(path, encoding)("replace").decode(head)
        if is_text and zeros.count(0) > len(zeros) / 2:
            return encoding
    line = head.count(b"\n", 0, head.index(b"\0")) + 1
    raise FileError(f"{path}, line {line}: it holds a zero byte, which no text does. Save the table as CSV or Parquet.")


def _find_narrow_encoding(path: Path) -> str:
    possible: dict[str, Any] = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "cp1252")}
    with open_bytes(path) as source:
        for _ in range(WHOLLY_READ // STEP):
            piece = source.read(STEP)
            possible = {name: decoder for name, decoder in possible.items() if _can_decode(decoder, piece)}
            if not piece or not possible:
                break
    return next(iter(possible), "latin-1")


def _can_decode(decoder: Any, piece: bytes) -> bool:
    try:
        decoder.decode(piece, final=not piece)
    except UnicodeDecodeError:
        return False
    return True
