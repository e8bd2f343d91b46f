"""Speed of wide tables: a lender of 300 columns, and one of 1,000 columns and 300,000 rows a window.

A first run trains a champion; a later month is quiet. Of the larger one Evidently's default drift report is measured
on the rows of the same reference and month. Nothing changes in either.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from benchmarks.peer_environments import Peer
from benchmarks.wide_lender import Shape, is_word, make_month

REFERENCE = ("2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06")
WIDE = Shape("wide", 300, dict.fromkeys(REFERENCE, 2_500) | {"2024-07": 5_000, "2024-08": 5_000})
THOUSAND = Shape("thousand", 1_000, dict.fromkeys(REFERENCE, 50_000) | {"2024-07": 50_000, "2024-08": 300_000})
SHAPES = {shape.name: shape for shape in (WIDE, THOUSAND)}
EVIDENTLY = "evidently"
DAYS = {
    "first run": (
        "--start=2024-07-01",
        "--end=2024-07-31",
        "--reference-start=2024-01-01",
        "--reference-end=2024-06-30",
    ),
    "later month": ("--start=2024-08-01", "--end=2024-08-31"),
}


def count_rows(shape: Shape) -> int:
    """The rows that the first run looks at."""
    return sum(shape.months[month] for month in (*REFERENCE, "2024-07"))


def prepare_wide(folder: Path, variant: str) -> Callable[[], Any]:
    """A run of the lender of 300 columns."""
    return _prepare(WIDE, folder, variant)


def prepare_thousand(folder: Path, variant: str) -> Callable[[], Any]:
    """A run of the lender of 1,000 columns, or Evidently's report on the rows of its reference and its later month."""
    if variant != EVIDENTLY:
        return _prepare(THOUSAND, folder, variant)
    files = folder / "before.parquet", folder / "after.parquet"
    for file, months in zip(files, (REFERENCE, ("2024-08",)), strict=True):
        _write_features(THOUSAND, months, file)

    def ask() -> float:
        with Peer(EVIDENTLY) as asked:
            return float(asked.ask(*files)["seconds"])

    return ask


def _write_features(shape: Shape, months: tuple[str, ...], file: Path) -> None:
    """The features as any library reads them: numbers, and words as plain text."""
    writer = None
    for month in months:
        for rows in make_month(shape, month, seed=11):
            numbers = {shape.name_column(place): "float64" for place in shape.places if not is_word(place)}
            words = {shape.name_column(place): "object" for place in shape.places if is_word(place)}
            features = rows[[*numbers, *words]].astype({**numbers, **words})
            table = pa.Table.from_pandas(features, preserve_index=False)
            writer = writer or parquet.ParquetWriter(file, table.schema)
            writer.write_table(table.cast(writer.schema))
    if writer is not None:
        writer.close()


def _prepare(shape: Shape, folder: Path, variant: str) -> Callable[[], dict[str, float]]:
    """`python -m flows.monitor` on a month, from the command to its exit; tells the seconds of each of its stages.

    Each first run is that of a contract of its own name, so that it finds no champion; a later month is that of the
    latest of these.
    """
    made = sorted(folder.glob(f"{shape.name}_*.toml"))
    if variant == "first run":
        name = f"{shape.name}_{len(made):03}"
        contract = folder / f"{name}.toml"
        written = (folder / f"{shape.name}.toml").read_text(encoding="utf-8")
        contract.write_text(written.replace(f'name = "{shape.name}"', f'name = "{name}"', 1), encoding="utf-8")
    else:
        contract = made[-1]
    results = folder / f"results_{contract.stem}_{variant.split(maxsplit=1)[0]}_{len(list(folder.glob('results_*')))}"

    def run() -> dict[str, float]:
        places = [f"--contract={contract}", f"--results={results}", f"--models={folder / 'models'}"]
        command = [sys.executable, "-m", "flows.monitor", *DAYS[variant], *places]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (summary,) = results.glob("*/summary.json")
        stages = json.loads(summary.read_text(encoding="utf-8"))["stages"]
        page = {"report.html MB": (summary.parent / "report.html").stat().st_size / 1e6}
        return {stage["stage"]: stage["seconds"] for stage in stages if stage["seconds"]} | page

    return run
