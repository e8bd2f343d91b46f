"""Compare: two files, or two data frames, as one verdict."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from tasks.compare.ask import compare_sides
from tasks.compare.describe_files import Given, describe_files
from tasks.compare.sides import Sides
from tasks.compare.tables import read_sides, write_frame
from tasks.compare.verdicts import Verdicts
from tasks.core.policy import MonitorPolicy


def compare_files(
    files: Sequence[Path], given: Given, *, split_at: date | None = None, policy: MonitorPolicy | None = None
) -> Verdicts:
    """Compare two files, the reference first; or the rows of one from `split_at` on with those before.

    Raises FileError, SideError and the errors of a description, each of which says what to do.
    """
    described = describe_files(files, given)
    return _ask(read_sides(files, described, split_at), policy)


def compare_frames(
    reference: pd.DataFrame, window: pd.DataFrame, given: Given, *, policy: MonitorPolicy | None = None
) -> Verdicts:
    """Compare two data frames. They are read as files are, so that both ways say the same."""
    with tempfile.TemporaryDirectory(prefix="loanwatch-compare-") as folder:
        files = [Path(folder) / f"{name}.parquet" for name in ("reference", "window")]
        for frame, file in zip((reference, window), files, strict=True):
            write_frame(frame, file)
        sides = read_sides(files, describe_files(files, given))
    named = {name: replace(getattr(sides, name), name=name) for name in ("reference", "window")}
    return _ask(replace(sides, **named), policy)


def _ask(sides: Sides, policy: MonitorPolicy | None) -> Verdicts:
    """Compare without the libraries' warnings: in threads, scikit-learn loses the filters of whoever calls it."""
    with warnings.catch_warnings(record=True):
        return Verdicts(compare_sides(sides, policy))
