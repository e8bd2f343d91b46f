"""Export: the predictions of a window as a CSV file, for whoever asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from tasks.core.files import WriteError

# Only its owner may read the file: it names applications.
PRIVATE = 0o600


class ExportError(WriteError):
    """The file is there already, or its folder is not."""


@contextmanager
def open_export(path: Path | None, version: int) -> Iterator[Callable[[pa.Table], None]]:
    """What takes the predictions of a model's version, part by part; the file is there once the last part is written.

    Without a path nothing is written. Raises ExportError before anything is done where the file exists, and WriteError
    where it cannot be written.
    """
    if path is None:
        yield lambda predictions: None
        return
    if path.exists():
        raise ExportError(f"{path} is there already. Remove it, or name another file.")
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            is_first = True

            def write(predictions: pa.Table) -> None:
                nonlocal is_first
                named = predictions.append_column("model_version", pa.array([version] * len(predictions), pa.int64()))
                csv.write_csv(named, file, csv.WriteOptions(include_header=is_first))
                is_first = False

            yield write
        partial.rename(path)
    except OSError as error:
        raise WriteError(
            f"{path} cannot be written ({error.strerror}). Choose another folder, or free space."
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
